import { expect } from 'chai';
import { dispatch, mayHear } from '#domains/listening/dispatch.ts';
import type { Assignment, DispatchCall, DispatchSeat } from '#domains/listening/dispatch-situation.ts';
import { earsAtMost, longPauseMs } from '#domains/listening/dispatch-weights.ts';
import { anySituation, Dice } from '#support/dispatch-situations.ts';

const rounds = 2_500;

type AnySituation = ReturnType<typeof anySituation>;

/** Runs a check over thousands of situations; a failure names the number by which the situation comes back. */
function always(check: (situation: AnySituation, dice: Dice) => void): void {
  for (let round = 0; round < rounds; round++) {
    const dice = new Dice(round);
    try {
      check(anySituation(dice), dice);
    } catch (error) {
      throw new Error(`in situation ${round}: ${(error as Error).message}`, { cause: error });
    }
  }
}

const byPerson = ({ seats }: AnySituation) => new Map(seats.map((seat) => [seat.personId, seat]));
const byId = ({ calls }: AnySituation) => new Map(calls.map((call) => [call.id, call]));
const earlier = (a: DispatchSeat, b: DispatchSeat) =>
  a.waitingSince! < b.waitingSince! || (a.waitingSince === b.waitingSince && a.personId < b.personId);

/** The rules of the issue, written a second time and without looking at any score. */
function mayBeGiven(seat: DispatchSeat, call: DispatchCall, now: number, ears: number): boolean {
  if (call.process !== null && call.process !== seat.process) return false;
  const lineIds = seat.mode === 'line' ? [seat.lineId] : seat.lineIds;
  if (lineIds !== null && !lineIds.includes(call.lineId)) return false;
  if (seat.mode === 'chosen')
    return call.id === seat.chosenCallId && (seat.lineIds?.includes(call.lineId) ?? true);
  if (call.ending || (call.pausedSince !== null && now - call.pausedSince > longPauseMs)) return false;
  if (seat.passed.includes(call.id) || seat.heard.some(({ callId }) => callId === call.id)) return false;
  return ears < earsAtMost[seat.mode];
}

/** Ears on each call when it was this seat's turn: those from before, and those of seats that waited longer. */
function earsBefore(
  seat: DispatchSeat,
  call: DispatchCall,
  assignments: readonly Assignment[],
  seats: ReadonlyMap<string, DispatchSeat>,
): number {
  const sooner = assignments.filter(
    ({ callId, personId }) => callId === call.id && earlier(seats.get(personId)!, seat),
  );
  return call.ears + sooner.length;
}

describe('In any situation the dispatcher', () => {
  it('gives only what may be given: in scope, playable, not paused for long, not ending, not heard, not full', () => {
    let given = 0;
    always((situation) => {
      const seats = byPerson(situation);
      const calls = byId(situation);
      const { assignments } = dispatch(situation);
      for (const { personId, callId } of assignments) {
        const [seat, call] = [seats.get(personId)!, calls.get(callId)!];
        const ears = earsBefore(seat, call, assignments, seats);
        expect(mayBeGiven(seat, call, situation.now, ears), `${personId} ${callId}`).to.equal(true);
        expect(mayHear(seat, call)).to.equal(true);
        given += 1;
      }
    });
    expect(given).to.be.above(rounds);
  });

  it('lets nobody wait while there is a call for them: none is free, or those who waited longer have it', () => {
    let left = 0;
    always((situation) => {
      const seats = byPerson(situation);
      const { assignments, waiting } = dispatch(situation);
      for (const { personId } of waiting) {
        const seat = seats.get(personId)!;
        for (const call of situation.calls) {
          const ears = earsBefore(seat, call, assignments, seats);
          expect(mayBeGiven(seat, call, situation.now, ears), `${personId} ${call.id}`).to.equal(false);
          left += 1;
        }
      }
    });
    expect(left).to.be.above(rounds);
  });

  it('leaves no seat out, gives none two calls, and moves none that hears one', () => {
    always((situation) => {
      const { assignments, waiting } = dispatch(situation);
      const dealtWith = [...assignments, ...waiting].map(({ personId }) => personId).sort();
      const wait = situation.seats
        .filter((seat) => seat.waitingSince !== null)
        .map(({ personId }) => personId);
      expect(dealtWith).to.deep.equal(wait.sort());
    });
  });

  it('serves by waiting time: nobody gets a place that somebody who waited longer could have had', () => {
    always((situation) => {
      const seats = byPerson(situation);
      const { assignments, waiting } = dispatch(situation);
      for (const { personId } of waiting) {
        const passedOver = seats.get(personId)!;
        for (const { personId: other, callId } of assignments) {
          const served = seats.get(other)!;
          if (!earlier(passedOver, served)) continue;
          const call = situation.calls.find(({ id }) => id === callId)!;
          const ears = earsBefore(passedOver, call, assignments, seats);
          expect(mayBeGiven(passedOver, call, situation.now, ears), `${personId} before ${other}`).to.equal(
            false,
          );
        }
      }
      const since = assignments.map(({ personId }) => seats.get(personId)!.waitingSince!);
      expect(since).to.deep.equal([...since].sort((a, b) => a - b));
    });
  });

  it('answers the same to the same question, in whichever order seats and calls are named', () => {
    always((situation, dice) => {
      const answer = dispatch(situation);
      const shuffled = {
        ...situation,
        seats: dice.shuffled(situation.seats),
        calls: dice.shuffled(situation.calls),
      };
      expect(dispatch(situation)).to.deep.equal(answer);
      expect(dispatch(shuffled)).to.deep.equal(answer);
    });
  });

  it('gives the same call again while nothing changes but the time, so that no offer flaps', () => {
    always((situation) => {
      const first = dispatch(situation);
      const one = first.assignments[0];
      if (!one) return;
      // Everybody else goes their way; this one is asked about again a moment later.
      const seats = situation.seats.filter(({ personId }) => personId === one.personId);
      const calls = situation.calls.filter(({ id }) => id === one.callId);
      const again = dispatch({ ...situation, seats, calls, now: situation.now + 50 });
      const call = calls[0]!;
      const tooLong = call.pausedSince !== null && situation.now + 50 - call.pausedSince > longPauseMs;
      if (!tooLong || seats[0]!.mode === 'chosen') expect(again.assignments[0]?.callId).to.equal(one.callId);
    });
  });

  it('always has a reason to tell, and no number that is not one', () => {
    always((situation) => {
      for (const { why, score } of dispatch(situation).assignments) {
        expect(why.length).to.be.above(1);
        expect(score).to.satisfy(Number.isFinite);
        for (const reason of why) {
          for (const value of Object.values(reason)) {
            if (typeof value === 'number') expect(value).to.be.at.least(0);
          }
        }
      }
    });
  });

  it('settles 500 seats over 500 calls in one go', () => {
    const dice = new Dice(1);
    const situations = Array.from({ length: 80 }, () => anySituation(dice, 12, 12));
    const calls = situations.flatMap((one, round) =>
      one.calls.map((call) => ({ ...call, id: `${round}-${call.id}` })),
    );
    const seats = situations.flatMap((one, round) =>
      one.seats.map((seat) => ({ ...seat, personId: `${round}-${seat.personId}` })),
    );
    const many = {
      calls: repeatTo(calls, 500),
      seats: repeatTo(seats, 500),
      now: situations[0]!.now,
      seed: 's',
    };
    const { assignments, waiting } = dispatch(many);
    const waiters = many.seats.filter((seat) => seat.waitingSince !== null).length;
    expect(assignments.length + waiting.length).to.equal(waiters);
    expect(assignments.length).to.be.above(250);
  });
});

/** As many as wanted, each with an id of its own. */
function repeatTo<T extends { id?: string; personId?: string }>(list: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, index) => {
    const one = list[index % list.length]!;
    return {
      ...one,
      ...(one.id && { id: `${one.id}-${index}` }),
      ...(one.personId && { personId: `${one.personId}-${index}` }),
    };
  });
}
