import type { operations as english } from '../en/operations.ts';
import type { SameKeys } from '../strings.ts';

export const operations: SameKeys<typeof english> = {
  title: '运行',
};
