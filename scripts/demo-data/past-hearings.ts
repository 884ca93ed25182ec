import { may } from '#contract/abilities.ts';
import { ownedBy } from '#domains/businesses/businesses.ts';
import { withScope } from '#domains/identity/identity.ts';
import { Dice } from '#scripts/speech/dice.ts';
import { company } from './company.ts';
import { people } from './people.ts';
import { hourMs, localDay, localHour, slotId, visitsOn } from './slots.ts';

/** Who heard a past call: live from a seat, or later from the archive. Times are UTC ms. */
export interface PastHearing {
  readonly personId: string;
  readonly live: boolean;
  /** The slot they sat in; null for a replay. */
  readonly slotId: string | null;
  readonly startedAt: number;
  readonly endedAt: number;
}

interface HeardCall {
  readonly externalId: string;
  readonly lineId: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** What share of the calls is replayed by somebody. */
const replayedShare = 0.7;
/** After so many hours most of the replays are made; none is made sooner than half an hour after the call. */
const replaySoonHours = 5;
const replayLateHours = 48;

/** The hearings of a call so far: everyone who sat in its slot, and now and then a replay by day. */
export function hearingsOf(call: HeardCall, now: number): PastHearing[] {
  const dice = new Dice(`hearings of ${call.externalId}`);
  return [...liveHearings(call, dice), ...replays(call, dice).filter(({ endedAt }) => endedAt <= now)];
}

function liveHearings({ lineId, startedAt, endedAt }: HeardCall, dice: Dice): PastHearing[] {
  const slotStart = Math.floor(startedAt / hourMs) * hourMs;
  return visitsOn(localDay(startedAt))
    .filter((visit) => visit.lineId === lineId && visit.startsAt === slotStart)
    .map(({ personId }) => ({
      personId,
      live: true,
      slotId: slotId(lineId, slotStart),
      startedAt: startedAt + dice.below(6_000),
      endedAt,
    }));
}

function replays({ lineId, endedAt }: HeardCall, dice: Dice): PastHearing[] {
  if (dice.roll() >= replayedShare) return [];
  const allowed = people.filter(
    (person) => may(withScope(person, ownedBy(company, person.id)), 'recordings.replay', { lineId }).allowed,
  );
  const first = dice.below(allowed.length);
  // Two different people at most.
  const listeners = [0, 1 + dice.below(allowed.length - 1)].slice(0, 1 + dice.below(2));
  return listeners.map((step) => {
    const within = dice.roll() < 0.6 ? replaySoonHours : replayLateHours;
    const at = inOfficeHours(endedAt + Math.round(hourMs * dice.between(0.5, within)));
    const { id: personId } = allowed[(first + step) % allowed.length]!;
    return { personId, live: false, slotId: null, startedAt: at, endedAt: at };
  });
}

/** Moves a time of the night to the next day's office hours. */
function inOfficeHours(at: number): number {
  const hour = localHour(at);
  if (hour >= 9 && hour < 20) return at;
  return at + ((24 + 10 - hour) % 24) * hourMs;
}
