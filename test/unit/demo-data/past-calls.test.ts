import { expect } from 'chai';
import { may } from '#contract/abilities.ts';
import { ownedBy } from '#domains/businesses/businesses.ts';
import { withScope } from '#domains/identity/identity.ts';
import { company } from '#scripts/demo-data/company.ts';
import { callIdOf } from '#scripts/demo-data/demo-ids.ts';
import { type PastCall, pastCalls } from '#scripts/demo-data/past-calls.ts';
import { people } from '#scripts/demo-data/people.ts';
import { dayMs, demoVisits, hourMs, localHour, slotId } from '#scripts/demo-data/slots.ts';

/** Starts of the demo at all hours and on all days of a week, a prime number of hours apart. */
const starts = Array.from({ length: 40 }, (_, index) => Date.UTC(2026, 2, 9) + index * 17 * hourMs);
const distinct = (calls: readonly PastCall[], what: (call: PastCall) => string) =>
  new Set(calls.map(what)).size;

describe('The past week of calls', () => {
  it('has about sixty calls, on all lines, about all scenarios, by all agents, in both languages', () => {
    for (const now of starts) {
      const calls = pastCalls(now);
      const at = new Date(now).toISOString();
      expect(calls.length, at).to.be.within(52, 72);
      expect(distinct(calls, ({ lineId }) => lineId)).to.equal(5);
      expect(
        distinct(calls, ({ scenarioId }) => scenarioId),
        at,
      ).to.equal(15);
      expect(distinct(calls, ({ agentId }) => agentId)).to.equal(6);
      expect(distinct(calls, ({ language }) => language)).to.equal(2);
      expect(distinct(calls, ({ codec }) => codec)).to.equal(3);
      expect(distinct(calls, callIdOf)).to.equal(calls.length);
    }
  });

  it('lies within the last seven days, by day, the newest first', () => {
    for (const now of starts) {
      const calls = pastCalls(now);
      expect(calls).to.deep.equal([...calls].sort((one, other) => other.startedAt - one.startedAt));
      for (const { startedAt, endedAt, seconds } of calls) {
        expect(startedAt).to.be.within(now - 7 * dayMs, now);
        expect(endedAt).to.be.below(now);
        expect(localHour(startedAt)).to.be.within(9, 20);
        expect(seconds).to.be.within(40, 150);
      }
    }
  });

  it('gives an agent one call at a time, and only of their lines', () => {
    for (const now of starts) {
      const calls = pastCalls(now);
      for (const [agentId, theirs] of Map.groupBy(calls, (call) => call.agentId)) {
        const { worksLineIds } = people.find(({ id }) => id === agentId)!;
        for (const [index, call] of theirs.entries()) {
          expect(worksLineIds).to.include(call.lineId);
          const earlier = theirs[index + 1];
          if (earlier) expect(earlier.endedAt).to.be.below(call.startedAt);
        }
      }
    }
  });

  it('is topped up as time goes on: what was there stays as it was', () => {
    for (const now of starts) {
      const before = pastCalls(now);
      const later = new Map(pastCalls(now + dayMs).map((call) => [call.externalId, call]));
      const kept = before.filter(({ startedAt }) => startedAt >= now - 6 * dayMs);
      expect(kept).to.not.be.empty;
      for (const call of kept) {
        const { heard: laterHeard, ...same } = later.get(call.externalId)!;
        const { heard, ...known } = call;
        expect(same).to.deep.equal(known);
        expect(laterHeard).to.deep.include.members(heard);
      }
      expect(later.size).to.be.above(kept.length);
    }
  });

  it('was heard live by those who sat in its slot, and replayed by people who may', () => {
    for (const now of starts) {
      const calls = pastCalls(now);
      const attended = demoVisits(now).attended;
      const heard = calls.flatMap((call) => call.heard.map((hearing) => ({ call, hearing })));
      expect(heard.filter(({ hearing }) => hearing.live).length).to.be.above(15);
      expect(heard.filter(({ hearing }) => !hearing.live).length).to.be.above(15);
      for (const { call, hearing } of heard) {
        const person = people.find(({ id }) => id === hearing.personId)!;
        const { lineIds } = withScope(person, ownedBy(company, person.id));
        const action = hearing.live ? 'calls.listen' : 'recordings.replay';
        expect(may({ role: person.role, lineIds }, action, call).allowed, person.id).to.equal(true);
        expect(hearing.endedAt).to.be.at.most(now);
        if (hearing.live) {
          expect(hearing.startedAt).to.be.within(call.startedAt, call.endedAt);
          const visit = attended.find(
            (one) => one.personId === person.id && slotId(one.lineId, one.startsAt) === hearing.slotId,
          );
          expect(call.startedAt - visit!.startsAt).to.be.within(0, hourMs);
        } else expect(hearing.startedAt).to.be.above(call.endedAt);
      }
    }
  });
});
