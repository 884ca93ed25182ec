import { createHash } from 'node:crypto';
import { newId } from '#kernel/ids.ts';

/**
 * An id as the kernel makes them, with the time it would have had, but the same for the same name: what is made again
 * has the id it had.
 */
export function demoId(prefix: string, at: number, name: string): string {
  const tail = createHash('sha256').update(`${prefix} ${name}`).digest('hex').slice(0, 16);
  return newId(prefix, at).slice(0, -tail.length) + tail;
}

export const callIdOf = (call: { readonly startedAt: number; readonly externalId: string }): string =>
  demoId('call', call.startedAt, call.externalId);
