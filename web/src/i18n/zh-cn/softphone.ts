import type { softphone as english } from '../en/softphone.ts';
import type { SameKeys } from '../strings.ts';

export const softphone: SameKeys<typeof english> = {
  desk: { title: '坐席台' },
  customer: { title: '联系客服' },
};
