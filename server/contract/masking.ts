import { z } from 'zod';

/**
 * What was done about personal data (numbers, cards, phones, ids) that is said in a piece of sound.
 * `unchecked`: there is no transcript, so nothing could be found and nothing is silenced.
 * `nothing-found`: the transcript masks nothing in it. `silenced`: what it masks is silence.
 * `in-full`: it masks something, and it can be heard, by those who may (`recordings.unmasked`).
 */
export const masking = z.enum(['unchecked', 'nothing-found', 'silenced', 'in-full']);
export type Masking = z.infer<typeof masking>;
