import { expect } from 'chai';
import { dispatch, nextFor } from '#domains/listening/dispatch.ts';
import type { DispatchSeat, Situation } from '#domains/listening/dispatch-situation.ts';
import { earsAtMost } from '#domains/listening/dispatch-weights.ts';
import { day, heard, liveCall, minute, noon, seat } from '#support/dispatch-situations.ts';

const given = (situation: Partial<Situation>) =>
  dispatch({ seats: [], calls: [], now: noon, seed: 's', ...situation });
const whoHears = (situation: Partial<Situation>) =>
  Object.fromEntries(given(situation).assignments.map(({ personId, callId }) => [personId, callId]));
const reasons = (situation: Partial<Situation>, personId: string) =>
  given(situation)
    .assignments.find((one) => one.personId === personId)
    ?.why.map(({ criterion }) => criterion);

describe('The dispatcher', () => {
  it('gives a listener the youngest call of their line, because most of it is still to come', () => {
    const calls = [
      liveCall('old', { startedAt: noon - 5 * minute }),
      liveCall('young', { startedAt: noon - 10_000 }),
      liveCall('middle', { startedAt: noon - 2 * minute }),
    ];
    expect(whoHears({ seats: [seat('ann')], calls })).to.deep.equal({ ann: 'young' });
    expect(reasons({ seats: [seat('ann')], calls }, 'ann')).to.include('young');
  });

  it('never gives a call of a line that is not in scope, however well it would score', () => {
    const calls = [liveCall('other', { lineId: 'electronics', startedAt: noon, scenarioId: 'wrong-size' })];
    for (const mode of ['line', 'business', 'surprise'] as const) {
      expect(
        whoHears({ seats: [seat('ann', { mode, scenarioId: 'wrong-size' })], calls }),
        mode,
      ).to.deep.equal({});
    }
    const chosen = seat('ann', { mode: 'chosen', chosenCallId: 'other' });
    expect(whoHears({ seats: [chosen], calls })).to.deep.equal({});
  });

  it('keeps `this line` to the line of the seat, and lets `my business` roam over all lines of it', () => {
    const calls = [liveCall('far', { lineId: 'delivery', startedAt: noon })];
    const lineIds = ['supermarket', 'delivery'];
    expect(whoHears({ seats: [seat('ann', { lineIds })], calls })).to.deep.equal({});
    expect(whoHears({ seats: [seat('ann', { lineIds, mode: 'business' })], calls })).to.deep.equal({
      ann: 'far',
    });
    expect(reasons({ seats: [seat('ann', { lineIds, mode: 'business' })], calls }, 'ann')).to.include(
      'other-line',
    );
    expect(whoHears({ seats: [seat('host', { lineIds: null, mode: 'surprise' })], calls })).to.deep.equal({
      host: 'far',
    });
  });

  it('lets those who waited longest choose first, and tells them so', () => {
    const seats = [
      seat('late', { waitingSince: noon - 1_000 }),
      seat('early', { waitingSince: noon - 90_000 }),
    ];
    const calls = [
      liveCall('young', { startedAt: noon - 5_000 }),
      liveCall('old', { startedAt: noon - 90_000 }),
    ];
    expect(whoHears({ seats, calls })).to.deep.equal({ early: 'young', late: 'old' });
    const why = given({ seats, calls }).assignments.flatMap((one) => one.why);
    expect(why.filter(({ criterion }) => criterion === 'waited')).to.deep.equal([
      { criterion: 'waited', waitedMs: 90_000, longest: true },
      { criterion: 'waited', waitedMs: 1_000, longest: false },
    ]);
  });

  it('claims nobody waited longest who was the only one to wait', () => {
    const [assignment] = given({ seats: [seat('ann')], calls: [liveCall('a')] }).assignments;
    expect(assignment?.why[0]).to.deep.equal({ criterion: 'waited', waitedMs: minute, longest: false });
  });

  it('prefers what the person has not heard lately: the scenario, then product and agent', () => {
    const sizes = { scenarioId: 'wrong-size', productKey: 'nappies', agentId: 'agent-1' };
    const calls = [
      liveCall('again', sizes),
      liveCall('new', { scenarioId: 'late-parcel', productKey: 'milk', agentId: 'agent-2' }),
    ];
    const ann = seat('ann', { heard: [heard('yesterday', { ...sizes, at: noon - day })] });
    expect(whoHears({ seats: [ann], calls })).to.deep.equal({ ann: 'new' });
    expect(reasons({ seats: [ann], calls }, 'ann')).to.include.members(['new-scenario', 'new-agent']);
    // Half an hour ago weighs more than five days ago.
    const both = seat('ann', {
      heard: [
        heard('a', { ...sizes, at: noon - 5 * day }),
        heard('b', {
          scenarioId: 'late-parcel',
          productKey: 'milk',
          agentId: 'agent-2',
          at: noon - 30 * minute,
        }),
      ],
    });
    expect(whoHears({ seats: [both], calls })).to.deep.equal({ ann: 'again' });
  });

  it('gives the scenario that was asked for, even to somebody who heard it an hour ago', () => {
    const calls = [
      liveCall('wish', { scenarioId: 'wrong-size', startedAt: noon - 3 * minute }),
      liveCall('other', { scenarioId: 'late-parcel', startedAt: noon - 2 * minute }),
    ];
    const ann = seat('ann', {
      scenarioId: 'wrong-size',
      heard: [heard('before', { scenarioId: 'wrong-size' })],
    });
    expect(whoHears({ seats: [ann], calls })).to.deep.equal({ ann: 'wish' });
    expect(reasons({ seats: [ann], calls }, 'ann')?.slice(0, 2)).to.deep.equal(['waited', 'wanted']);
  });

  it('never gives a call that is paused for long or ending, but one whose pause has just begun', () => {
    const calls = [liveCall('paused', { pausedSince: noon - 30_000 }), liveCall('ending', { ending: true })];
    const { assignments, waiting } = given({ seats: [seat('ann')], calls });
    expect(assignments).to.deep.equal([]);
    expect(waiting).to.deep.equal([{ personId: 'ann', before: 0, live: 2, barred: 'ending' }]);
    const brief = liveCall('brief', { pausedSince: noon - 2_000 });
    expect(whoHears({ seats: [seat('ann')], calls: [...calls, brief] })).to.deep.equal({ ann: 'brief' });
  });

  it('never gives the same call twice: not one that was heard, not one that was passed', () => {
    const calls = [liveCall('heard'), liveCall('passed')];
    const ann = seat('ann', { heard: [heard('heard')], passed: ['passed'] });
    expect(given({ seats: [ann], calls }).waiting).to.deep.equal([
      { personId: 'ann', before: 0, live: 2, barred: 'heard' },
    ]);
  });

  it('gives a chosen call as it is: old, paused, heard before and with a crowd on it', () => {
    const call = liveCall('mine', {
      startedAt: noon - 20 * minute,
      pausedSince: noon - minute,
      ending: true,
      ears: 40,
    });
    const ann = seat('ann', { mode: 'chosen', chosenCallId: 'mine', heard: [heard('mine')] });
    expect(whoHears({ seats: [ann], calls: [liveCall('other'), call] })).to.deep.equal({ ann: 'mine' });
    expect(reasons({ seats: [ann], calls: [call] }, 'ann')).to.deep.equal(['waited', 'chosen']);
    expect(whoHears({ seats: [ann], calls: [liveCall('other')] })).to.deep.equal({});
  });

  it('tells of being alone only where others have company', () => {
    const calls = [liveCall('quiet'), liveCall('crowded', { ears: 4 })];
    expect(reasons({ seats: [seat('ann')], calls }, 'ann')).to.include('alone');
    expect(reasons({ seats: [seat('ann')], calls: [liveCall('x'), liveCall('y')] }, 'ann')).to.not.include(
      'alone',
    );
  });

  it('spreads listeners over calls that are alike', () => {
    const seats = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => seat(name));
    const calls = ['x', 'y', 'z'].map((id) => liveCall(id));
    const counts = Map.groupBy(given({ seats, calls }).assignments, ({ callId }) => callId);
    expect([...counts.values()].map((group) => group.length)).to.deep.equal([2, 2, 2]);
  });

  it('lets a whole room hear the one call of its line, and only a few of those who roam', () => {
    const crowd = (mode: DispatchSeat['mode']) =>
      Array.from({ length: 200 }, (_, index) => seat(`p${String(index).padStart(3, '0')}`, { mode }));
    const calls = [liveCall('only')];
    expect(given({ seats: crowd('line'), calls }).assignments).to.have.length(200);
    const { assignments, waiting } = given({ seats: crowd('surprise'), calls });
    expect(assignments.map(({ personId }) => personId)).to.deep.equal(['p000', 'p001', 'p002']);
    expect(waiting).to.have.length(200 - earsAtMost.surprise);
    expect(waiting[0]).to.deep.equal({ personId: 'p003', before: 0, live: 1, barred: 'full' });
    expect(waiting.at(-1)).to.deep.include({ before: 196 });
  });

  it('counts only seats that wait for the same calls as being before one', () => {
    const seats = [
      seat('food', { lineId: 'fresh-food', lineIds: ['fresh-food'], waitingSince: noon - 9_000 }),
      seat('first', { waitingSince: noon - 8_000 }),
      seat('second', { waitingSince: noon - 7_000 }),
    ];
    const places = Object.fromEntries(
      given({ seats }).waiting.map(({ personId, before }) => [personId, before]),
    );
    expect(places).to.deep.equal({ food: 0, first: 0, second: 1 });
  });

  it('never moves anybody who hears a call or is on the way to one', () => {
    const hearing = seat('ann', { waitingSince: null });
    const calls = [liveCall('better', { startedAt: noon })];
    expect(given({ seats: [hearing], calls })).to.deep.equal({ assignments: [], waiting: [] });
  });

  it('gives only calls that the listener’s own server can play', () => {
    const calls = [liveCall('there', { process: 'two' })];
    expect(given({ seats: [seat('ann')], calls }).waiting[0]).to.deep.include({
      live: 1,
      barred: 'elsewhere',
    });
    expect(whoHears({ seats: [seat('ann', { process: 'two' })], calls })).to.deep.equal({ ann: 'there' });
  });

  it('takes a hint of lively voices for what it is: a little more weight where it is known', () => {
    const calls = [
      liveCall('calm', { arousal: 0.1 }),
      liveCall('lively', { arousal: 0.9 }),
      liveCall('unknown'),
    ];
    expect(whoHears({ seats: [seat('ann')], calls })).to.deep.equal({ ann: 'lively' });
    expect(reasons({ seats: [seat('ann')], calls }, 'ann')).to.include('lively');
    // A call that has just begun is worth more than an excited end.
    const young = liveCall('young', { startedAt: noon });
    expect(whoHears({ seats: [seat('ann')], calls: [...calls, young] })).to.deep.equal({ ann: 'young' });
  });

  it('surprises by chance, the same for the same seed', () => {
    const calls = Array.from({ length: 12 }, (_, index) => liveCall(`c${index}`));
    const seats = [seat('ann', { mode: 'surprise' })];
    const choices = Array.from(
      { length: 40 },
      (_, index) => whoHears({ seats, calls, seed: `s${index}` }).ann,
    );
    expect(new Set(choices).size).to.be.above(5);
    expect(whoHears({ seats, calls, seed: 's7' }).ann).to.equal(choices[7]);
  });

  it('says what would be next for somebody who hears a call', () => {
    const ann = seat('ann', { waitingSince: null, heard: [heard('now')] });
    const calls = [liveCall('now'), liveCall('next', { startedAt: noon - 1_000 })];
    const next = nextFor(ann, { calls, now: noon, seed: 's' });
    expect(next?.callId).to.equal('next');
    expect(next?.why.map(({ criterion }) => criterion)).to.not.include('waited');
    expect(nextFor(ann, { calls: calls.slice(0, 1), now: noon, seed: 's' })).to.equal(null);
  });
});
