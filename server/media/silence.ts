/** What the silence watch knows of one leg. Times are UTC ms. */
export interface LegActivity {
  readonly held: boolean;
  /** Since when packets are owed: the leg was added, its microphone opened, or it came back from hold. Null: not yet. */
  readonly expectedSince: number | null;
  readonly lastPacketAt: number | null;
}

/**
 * Whether a call's media has stopped: no leg that owes packets sent one for `timeoutMs`. Answers the time of the last
 * sign of life, or null while the call is alive. A call whose legs are all on hold, or where nobody owes packets yet
 * (a softphone call that waits for its customer), is not silent.
 */
export function silentSince(legs: Iterable<LegActivity>, timeoutMs: number, now: number): number | null {
  let latest: number | null = null;
  for (const leg of legs) {
    if (leg.held || leg.expectedSince === null) continue;
    const sign = Math.max(leg.expectedSince, leg.lastPacketAt ?? 0);
    if (latest === null || sign > latest) latest = sign;
  }
  return latest !== null && now - latest >= timeoutMs ? latest : null;
}
