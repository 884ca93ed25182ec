import type { recordings as english } from '../en/recordings.ts';
import type { SameKeys } from '../strings.ts';

export const recordings: SameKeys<typeof english> = {
  title: '录音库',
};
