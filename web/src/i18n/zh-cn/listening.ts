import type { listening as english } from '../en/listening.ts';
import type { SameKeys } from '../strings.ts';

export const listening: SameKeys<typeof english> = {
  title: '体验室',
};
