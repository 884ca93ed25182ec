import type { today as english } from '../en/today.ts';
import type { SameKeys } from '../strings.ts';

export const today: SameKeys<typeof english> = {
  title: '今日',
};
