/** What is kept of something that is made of a recording after it was archived. Its own record: the recording is heard whether it is there or not. */
export interface StoredFollowUp<Found> {
  /** The recording's. */
  readonly id: string;
  readonly callId: string;
  /** Which making was asked for. */
  readonly version: number;
  readonly state: 'waiting' | 'done' | 'failed';
  readonly stateAt: number;
  /** How often it was queued. */
  readonly attempts: number;
  readonly found: Found | null;
  /** The file in the object store. */
  readonly fileKey: string | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/** What waits for so long is queued again; each time it may take twice as long. ms */
const firstPatienceMs = 10 * 60_000;
const longestPatienceMs = 6 * 3_600_000;

export const patienceOf = ({ attempts }: { readonly attempts: number }): number =>
  Math.min(longestPatienceMs, firstPatienceMs * 2 ** Math.max(0, attempts - 1));
