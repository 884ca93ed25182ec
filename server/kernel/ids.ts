import { randomBytes } from 'node:crypto';

/**
 * A new id: a short prefix that says what it is, then 48 bits of time and 80 random bits (as in a ULID),
 * base32 in lower case. Ids of one kind sort by the time they were made.
 */
export function newId(prefix: string, now: number = Date.now()): string {
  let time = now;
  let head = '';
  for (let i = 0; i < 10; i++) {
    head = alphabet[time % 32] + head;
    time = Math.floor(time / 32);
  }
  let tail = '';
  for (const byte of randomBytes(16)) tail += alphabet[byte & 31];
  return `${prefix}_${head}${tail}`;
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** An unguessable token of 192 bits, url-safe: one-time links, leases, CSRF. */
export function newSecret(): string {
  return randomBytes(24).toString('base64url');
}
