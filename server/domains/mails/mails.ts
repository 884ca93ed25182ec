/** A mail that is to go out, or went. */
export interface StoredMail {
  /** Made of what it is about, so that asking for it twice makes one. */
  readonly id: string;
  readonly personId: string;
  /** What it is about, e.g. a meeting: its latest mail to a person is the one that counts. */
  readonly about: string;
  readonly subject: string;
  readonly text: string;
  readonly calendar: { readonly method: 'REQUEST' | 'CANCEL'; readonly content: string } | null;
  /** `superseded`: a later one about the same was to go out before this one had. */
  readonly state: 'queued' | 'sent' | 'failed' | 'superseded';
  /** How often it was tried. */
  readonly attempts: number;
  /** When it is due (again), UTC ms. Whoever takes it moves this on by the time it may take. */
  readonly dueAt: number;
  /** Why the last attempt failed: `smtp-550`, `unreachable`, `no-address`. */
  readonly cause: string | null;
  readonly createdAt: number;
  readonly sentAt: number | null;
}

export type NewMail = Pick<StoredMail, 'id' | 'personId' | 'about' | 'subject' | 'text' | 'calendar'>;

/** The longest between two attempts, and how long it is tried at all (RFC 5321 §4.5.4.1: four to five days). Milliseconds. */
const longestWaitMs = 3_600_000;
export const giveUpAfterMs = 5 * 24 * 3_600_000;
/** Whoever takes a mail has this long; then it is due again, as its taker must have died. Milliseconds. */
export const leaseMs = 120_000;

/** How long a mail rests after so many attempts, ms. */
export const restAfter = (attempts: number, firstRestMs: number): number =>
  Math.min(longestWaitMs, firstRestMs * 2 ** Math.max(0, attempts - 1));

/** RFC 5322 §3.6.4: the id and the domain the mail comes from. */
export const messageIdOf = (mailId: string, from: string): string =>
  `<${mailId}@${from.slice(from.lastIndexOf('@') + 1)}>`;
