import type { seats as english } from '../en/seats.ts';
import type { SameKeys } from '../strings.ts';

export const seats: SameKeys<typeof english> = {
  title: '体验席',
  zoneThere: '（当地 {{time}}，{{zone}}）',
};
