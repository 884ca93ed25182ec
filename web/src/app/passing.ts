import type { ApiError } from './api-error.ts';

/** Attempts that fail for a passing reason are made again for about a minute: 0.2, 0.4, 0.8, 1.6, 3, 3, … seconds apart. */
export const maxTries = 24;
export const pauseBefore = (attempt: number): number => Math.min(3_000, 200 * 2 ** attempt);

/** Refusals that time may heal: the network, a store or a media worker that is coming back. */
export function passes({ code }: ApiError): boolean {
  return (
    code.startsWith('client.') ||
    code.startsWith('store.') ||
    code === 'media.unavailable' ||
    code === 'listening.unknown' ||
    code === 'rate.limited' ||
    code === 'internal'
  );
}
