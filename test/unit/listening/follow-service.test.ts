import { expect } from 'chai';
import type { FollowMode, FollowState } from '#contract/follow.ts';
import type { Person } from '#contract/identity.ts';
import type { Slot } from '#contract/seats.ts';
import { type CallEvents, presentCall, type StoredCall } from '#domains/calls/calls.ts';
import { createFollowService } from '#domains/listening/follow.service.ts';
import type { FollowStore, StoredSeat } from '#domains/listening/follow.store.ts';
import type { FollowEvents } from '#domains/listening/follow-desk.ts';
import type { ListeningEvents } from '#domains/listening/running-listenings.ts';
import { AppError } from '#kernel/errors.ts';
import { createLog } from '#kernel/log.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import { heard, noon } from '#support/dispatch-situations.ts';

/** What Redis does, in memory; worlds that share one are processes beside each other. */
function storeInMemory(): FollowStore & { seats: Map<string, StoredSeat> } {
  const seats = new Map<string, StoredSeat>();
  return {
    seats,
    take: async (seat) => void seats.set(seat.personId, seat),
    keep: async (seat) => {
      if (seats.get(seat.personId)?.holder !== seat.holder) return false;
      seats.set(seat.personId, seat);
      return true;
    },
    drop: async (personId, holder) => {
      if (seats.get(personId)?.holder === holder) seats.delete(personId);
    },
    placeOf: async (personId) => seats.get(personId) ?? null,
    all: async () => [...seats.values()].filter(({ detached }) => !detached),
  };
}

const callOf = (id: string, change: Partial<StoredCall> = {}): StoredCall => ({
  id,
  externalId: id,
  lineId: 'supermarket',
  state: 'live',
  origin: 'rtp',
  agentId: null,
  agentName: null,
  customerMasked: '',
  facts: {},
  legs: [{ id: `${id}-leg`, role: 'agent', codec: 'PCMU', state: 'live', rtp: null }],
  instanceId: 'one',
  customerTokenHash: null,
  customerTokenExpiresAt: null,
  openedAt: noon,
  startedAt: noon,
  endedAt: null,
  endReason: null,
  ...change,
});

const listener = (id: string): Person => ({
  id,
  name: { en: id, zh: id },
  title: { en: id, zh: id },
  role: 'listener',
  businessIds: [],
  lineIds: ['supermarket', 'delivery'],
});

/** One server process: its service, the calls of the company, what it told whom, and a clock to turn. */
function world(options: { store?: FollowStore; processId?: string; now?: number } = {}) {
  const { store = storeInMemory(), processId = 'one' } = options;
  const calls = new Map<string, StoredCall>();
  let now = options.now ?? noon;
  let seated = true;
  let owned: string[] = [];
  const offers: { to: string; callId: string; why: string[] }[] = [];
  const told: { to: string; state: FollowState }[] = [];
  const faults: unknown[] = [];
  const onFault = (_: unknown, fault: unknown) => void faults.push(fault);
  const events = new TypedEvents<FollowEvents>(onFault);
  const listeningEvents = new TypedEvents<ListeningEvents>(onFault);
  const callEvents = new TypedEvents<CallEvents>(onFault);
  events.on(
    'offered',
    ({ socketId, call, why }) =>
      void offers.push({ to: socketId, callId: call.id, why: why.map(({ criterion }) => criterion) }),
  );
  events.on('changed', ({ socketId, state }) => void told.push({ to: socketId, state }));
  const slot = (slotId: string, person: Person): Slot => ({
    id: slotId,
    lineId: 'supermarket',
    startsAt: noon - 600_000,
    endsAt: noon + 3_600_000,
    zone: 'UTC',
    seats: 5,
    taken: 1,
    mode: 'listen',
    hostId: null,
    hostName: null,
    mine: seated
      ? {
          ...{ id: 'r', slotId, personId: person.id, seat: 1, state: 'checked-in' },
          ...{ reservedAt: 1, checkedInAt: 1, cancelledAt: null },
        }
      : null,
  });
  const service = createFollowService({
    store,
    calls: {
      find: async (id) => {
        const call = calls.get(id);
        if (!call) throw new AppError('not-found', 'There is no such call.');
        return call;
      },
      byIds: async (ids) => ids.flatMap((id) => calls.get(id) ?? []),
      present: (call) => presentCall(call, 0),
      liveStored: async () => [...calls.values()].filter(({ state }) => state === 'live'),
    },
    heardSince: async (personId) => (personId === 'veteran' ? [heard('old')] : []),
    ownedLines: async () => owned,
    personNow: async (personId) => listener(personId),
    slotFor: async (person, slotId) => slot(slotId, person),
    events,
    listeningEvents,
    callEvents,
    processId,
    clock: () => now,
    log: createLog('test', 'fatal'),
  });
  const heardBy = (name: string, callId: string) => ({
    ...{ personId: name, socketId: `s-${name}`, slotId: 'slot', callId },
  });
  return {
    service,
    store,
    offers,
    told,
    faults,
    add: (...added: StoredCall[]) => {
      for (const call of added) calls.set(call.id, call);
    },
    own: (...lineIds: string[]) => {
      owned = lineIds;
    },
    unseat: () => {
      seated = false;
    },
    later: (ms: number) => {
      now += ms;
    },
    follow: (name: string, mode: FollowMode = 'line', more: { callId?: string } = {}) =>
      service.follow(listener(name), { slotId: 'slot', mode, ...more }, `s-${name}`),
    joins: (name: string, callId: string) => listeningEvents.emit('hearing-began', heardBy(name, callId)),
    loses: (name: string, callId: string) => listeningEvents.emit('hearing-ended', heardBy(name, callId)),
    ends(callId: string) {
      const call = { ...calls.get(callId)!, state: 'ended' as const };
      calls.set(callId, call);
      callEvents.emit('call-ended', { call });
    },
    settle: () => service.settle(),
    last: (name: string) => told.findLast(({ to }) => to === `s-${name}`)?.state,
  };
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'allowed',
    (error: { code: string }) => error.code,
  );

describe('Following calls', () => {
  it('offers a call, tells why, and moves nobody who took it', async () => {
    const one = world();
    one.add(callOf('a'));
    expect(await one.follow('ann')).to.deep.include({ mode: 'line', phase: 'waiting', before: 0 });
    await one.settle();
    expect(one.offers).to.have.length(1);
    expect(one.offers[0]).to.deep.include({ to: 's-ann', callId: 'a' });
    expect(one.offers[0]?.why).to.include.members(['waited', 'young', 'only']);
    expect(one.last('ann')?.phase).to.equal('offered');
    one.joins('ann', 'a');
    one.add(callOf('b', { startedAt: noon + 1 }));
    for (let second = 0; second < 60; second++) {
      one.later(1_000);
      await one.settle();
    }
    expect(one.offers).to.have.length(1);
    expect(one.last('ann')).to.deep.include({ phase: 'hearing' });
    expect(one.last('ann')?.next?.call.id).to.equal('b');
    expect(one.faults).to.deep.equal([]);
  });

  it('gives the next one when the call ends, never the same again', async () => {
    const one = world();
    one.add(callOf('a'));
    await one.follow('ann');
    await one.settle();
    one.joins('ann', 'a');
    one.add(callOf('b'));
    // In this order the listening ends at a call's end.
    one.loses('ann', 'a');
    one.ends('a');
    await one.settle();
    expect(one.offers.map(({ callId }) => callId)).to.deep.equal(['a', 'b']);
    one.joins('ann', 'b');
    one.loses('ann', 'b');
    // Left, but not over: it is kept for a while for those who lost the line, and is then not offered again.
    one.later(5_000);
    await one.settle();
    expect(one.last('ann')?.phase).to.equal('hearing');
    one.later(6_000);
    await one.settle();
    await one.settle();
    expect(one.last('ann')).to.deep.include({ phase: 'waiting', live: 1, barred: 'heard' });
    expect(one.offers).to.have.length(2);
  });

  it('lets somebody who is behind hear a call to its end before the next', async () => {
    const one = world();
    one.add(callOf('a'), callOf('b', { startedAt: noon - 60_000 }));
    await one.follow('ann');
    await one.settle();
    one.joins('ann', 'a');
    one.ends('a');
    await one.settle();
    expect(one.offers).to.have.length(1);
    one.loses('ann', 'a');
    await one.settle();
    expect(one.offers.map(({ callId }) => callId)).to.deep.equal(['a', 'b']);
  });

  it('offers again what was not answered, elsewhere and not for ever', async () => {
    const one = world();
    one.add(callOf('a'), callOf('b'), callOf('c'), callOf('d'));
    await one.follow('ann');
    for (let second = 0; second < 60; second++) {
      await one.settle();
      one.later(1_000);
    }
    const offered = one.offers.map(({ callId }) => callId);
    expect(offered).to.have.length(3);
    expect(new Set(offered).size).to.equal(3);
    expect(one.last('ann')).to.deep.include({ phase: 'off', mode: null, stoppedBy: 'no-answer' });
  });

  it('keeps the place of those who change their mind, reload, or come back to another process', async () => {
    const one = world();
    await one.follow('early');
    one.later(10_000);
    await one.follow('late');
    one.own('supermarket', 'delivery');
    one.later(10_000);
    expect((await one.follow('early', 'business')).waitingSince).to.equal(noon);
    await one.settle();
    expect(one.last('late')).to.deep.include({ before: 1 });
    await one.service.gone('s-early');
    expect((await one.follow('early', 'surprise')).waitingSince).to.equal(noon);

    // A process that was killed says no goodbye: its seats are what Redis has.
    const two = world({ store: one.store, processId: 'two', now: noon + 30_000 });
    await two.follow('late');
    await two.follow('early');
    await two.settle();
    expect(two.last('early')).to.deep.include({ waitingSince: noon, before: 0 });
    expect(two.last('late')).to.deep.include({ waitingSince: noon + 10_000, before: 1 });
  });

  it('gives the next call at once to whoever comes back from a process that was killed', async () => {
    const one = world();
    one.add(callOf('lost'));
    await one.follow('ann');
    await one.settle();
    one.joins('ann', 'lost');
    one.later(6_000);
    await one.settle();
    await one.settle();

    // The database still says that the call is live: nobody has noticed yet.
    const two = world({ store: one.store, processId: 'two', now: noon + 8_000 });
    two.add(callOf('lost'), callOf('next', { instanceId: 'two' }));
    expect(await two.follow('ann')).to.deep.include({ phase: 'waiting', callId: null });
    await two.settle();
    expect(two.offers.map(({ callId }) => callId)).to.deep.equal(['next']);
  });

  it('gives a seat to the process that has the socket now, and takes it from the other', async () => {
    const one = world();
    await one.follow('ann');
    const two = world({ store: one.store, processId: 'two', now: noon + 1_000 });
    await two.follow('ann');
    one.later(6_000);
    await one.settle();
    await one.settle();
    expect(one.last('ann')).to.deep.include({ phase: 'off', stoppedBy: 'another-window' });
    expect(one.service.waiting()).to.equal(0);
    expect((await two.store.placeOf('ann', noon))?.process).to.equal('two');
  });

  it('takes a seat again that Redis has forgotten', async () => {
    const store = storeInMemory();
    const one = world({ store });
    await one.follow('ann');
    store.seats.clear();
    one.later(6_000);
    await one.settle();
    await one.settle();
    expect(store.seats.get('ann')?.waitingSince).to.equal(noon);
    expect(one.service.waiting()).to.equal(1);
  });

  it('gives a chosen call at once, also to somebody who hears another, and stops at its end', async () => {
    const one = world();
    one.add(callOf('a'), callOf('b'));
    await one.follow('ann');
    await one.settle();
    const first = one.offers[0]!.callId;
    const other = first === 'a' ? 'b' : 'a';
    one.joins('ann', first);
    expect(await one.follow('ann', 'chosen', { callId: other })).to.deep.include({
      callId: other,
      phase: 'waiting',
    });
    await one.settle();
    expect(one.offers.at(-1)).to.deep.equal({ to: 's-ann', callId: other, why: ['waited', 'chosen'] });
    one.joins('ann', other);
    one.loses('ann', other);
    one.ends(other);
    await one.settle();
    expect(one.last('ann')).to.deep.include({ phase: 'off', stoppedBy: 'call-over' });
  });

  it('refuses calls out of scope, over, elsewhere or unknown, and the business of those who have one line', async () => {
    const one = world();
    one.add(
      callOf('far', { lineId: 'delivery' }),
      callOf('over', { state: 'ended' }),
      callOf('there', { instanceId: 'two' }),
    );
    const choose = (callId: string) => codeOf(one.follow('ann', 'chosen', { callId }));
    expect(await choose('far')).to.equal('scope.denied');
    expect(await choose('over')).to.equal('call.ended');
    expect(await choose('there')).to.equal('call.elsewhere');
    expect(await choose('nothing')).to.equal('not-found');
    expect(await codeOf(one.follow('ann', 'business'))).to.equal('scope.denied');
    one.own('supermarket', 'delivery');
    expect(await choose('far')).to.equal('allowed');
    expect(await codeOf(one.follow('ann', 'business'))).to.equal('allowed');
    one.unseat();
    expect(await codeOf(one.follow('ann'))).to.equal('seat.required');
  });

  it('follows no more when the seat was given back, or the slot is over', async () => {
    const one = world();
    await one.follow('ann');
    one.unseat();
    one.later(11_000);
    await one.settle();
    expect(one.last('ann')).to.deep.include({ phase: 'off', stoppedBy: 'seat-lost' });
    const two = world();
    await two.follow('bob');
    two.later(3_700_000);
    await two.settle();
    expect(two.last('bob')).to.deep.include({ phase: 'off', stoppedBy: 'slot-over' });
  });

  it('forgets those who leave, and offers them nothing', async () => {
    const one = world();
    await one.follow('ann');
    await one.service.unfollow(listener('ann'), 'another-slot');
    expect(one.service.waiting()).to.equal(1);
    await one.service.unfollow(listener('ann'), 'slot');
    one.add(callOf('a'));
    await one.settle();
    expect(one.offers).to.deep.equal([]);
    expect(await one.store.placeOf('ann', noon)).to.equal(null);
  });

  it('tells once what has not changed', async () => {
    const one = world();
    await one.follow('ann');
    for (let second = 0; second < 10; second++) {
      await one.settle();
      one.later(1_000);
    }
    expect(one.told.map(({ state }) => state.phase)).to.deep.equal(['waiting']);
  });

  it('remembers what somebody heard before they came', async () => {
    const one = world();
    one.add(callOf('old'));
    await one.follow('veteran');
    await one.settle();
    expect(one.offers).to.deep.equal([]);
    expect(one.last('veteran')).to.deep.include({ live: 1, barred: 'heard' });
  });
});
