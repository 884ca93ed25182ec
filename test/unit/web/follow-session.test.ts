import { expect } from 'chai';
import { type FollowState, followEvents, followRequests } from '#contract/follow.ts';
import { noon } from '#support/dispatch-situations.ts';
import { ApiError } from '#web/app/api-error.ts';
import type { Connection, Realtime } from '#web/app/realtime.ts';
import { type FollowedSession, FollowSession } from '#web/domains/listening/follow-session.ts';
import { beforeEntering, type ListeningState } from '#web/domains/listening/listening-state.ts';

const waiting: FollowState = {
  slotId: 'slot',
  mode: 'line',
  callId: null,
  scenarioId: null,
  across: false,
  phase: 'waiting',
  waitingSince: noon,
  before: 0,
  live: 0,
  barred: null,
  next: null,
  stoppedBy: null,
};

const call = (id: string) => ({
  ...{
    id,
    lineId: 'supermarket',
    state: 'live' as const,
    origin: 'rtp' as const,
    agentId: null,
    agentName: null,
  },
  ...{ customerMasked: '', facts: {}, legs: [], pause: null, openedAt: noon, startedAt: noon },
  ...{ endedAt: null, endReason: null, listeners: 0 },
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A room without a server: what is asked, what is heard, and the strings to pull. */
function room(answer: () => FollowState = () => waiting) {
  const asked: { event: string; input: unknown }[] = [];
  const listened: string[] = [];
  const handlers = new Map<string, ((payload: never) => void)[]>();
  const connections: ((connection: Connection) => void)[] = [];
  const watchers: (() => void)[] = [];
  let state: ListeningState = { ...beforeEntering, phase: 'idle' };
  const become = (change: Partial<ListeningState>) => {
    state = { ...state, ...change };
    for (const watcher of [...watchers]) watcher();
  };
  const realtime = {
    connection: 'connected',
    onConnection: (watcher: (connection: Connection) => void) => {
      connections.push(watcher);
      return () => undefined;
    },
    on: ({ event }: { event: string }, listener: (payload: never) => void) => {
      handlers.set(event, [...(handlers.get(event) ?? []), listener]);
      return () => handlers.delete(event);
    },
    request: async ({ event }: { event: string }, input: unknown) => {
      asked.push({ event, input });
      return event === followRequests.follow.event ? answer() : {};
    },
  } as unknown as Realtime;
  const session: FollowedSession = {
    get state() {
      return state;
    },
    subscribe: (watcher) => {
      watchers.push(watcher);
      return () => watchers.splice(watchers.indexOf(watcher), 1).length > 0;
    },
    listen: (callId) => {
      listened.push(callId ?? 'next');
      become({ phase: 'joining' });
    },
    wait: () => become({ phase: 'waiting' }),
    leave: () => become({ phase: 'idle' }),
  };
  const follow = new FollowSession(realtime, session, 'slot');
  return {
    follow,
    asked,
    listened,
    become,
    phase: () => state.phase,
    view: () => follow.snapshot(),
    offer: (callId: string, slotId = 'slot') => {
      for (const handle of handlers.get(followEvents.offered.event) ?? [])
        handle({ slotId, callId, call: call(callId), mode: 'line', why: [{ criterion: 'only' }] } as never);
    },
    say: (change: Partial<FollowState>) => {
      for (const handle of handlers.get(followEvents.changed.event) ?? [])
        handle({ ...waiting, ...change } as never);
    },
    reconnect: () => {
      for (const watcher of connections) watcher('connected');
    },
  };
}

describe('Following in the room', () => {
  it('waits as soon as it is asked for, and hears what is offered', async () => {
    const one = room();
    one.follow.choose('line', 'wrong-size');
    expect(one.phase()).to.equal('waiting');
    await settled();
    expect(one.asked).to.deep.equal([
      { event: 'listening:follow', input: { slotId: 'slot', mode: 'line', scenarioId: 'wrong-size' } },
    ]);
    one.offer('a');
    expect(one.listened).to.deep.equal(['a']);
    expect(one.view().given?.call.id).to.equal('a');
    expect(one.view().given?.why).to.deep.equal([{ criterion: 'only' }]);
  });

  it('takes nobody away from what they hear, and hears nothing that was not asked for', async () => {
    const one = room();
    one.offer('unasked');
    one.become({ phase: 'live' });
    one.follow.choose('business');
    expect(one.phase()).to.equal('live');
    await settled();
    one.offer('a');
    expect(one.listened).to.deep.equal([]);
    one.become({ phase: 'ended' });
    one.offer('elsewhere', 'another-slot');
    one.offer('c');
    expect(one.listened).to.deep.equal(['c']);
  });

  it('keeps what is offered while the call before is sought again, until that one is over', async () => {
    const one = room();
    one.follow.choose('line');
    await settled();
    one.offer('a');
    one.become({ phase: 'live' });
    one.become({ phase: 'recovering' });
    one.reconnect();
    one.offer('b');
    expect(one.listened, 'while it may come back').to.deep.equal(['a']);
    one.become({ phase: 'ended' });
    expect(one.listened).to.deep.equal(['a', 'b']);
    expect(one.view().given?.call.id).to.equal('b');

    one.become({ phase: 'recovering' });
    one.offer('c');
    one.become({ phase: 'live' });
    one.become({ phase: 'ended' });
    expect(one.listened, 'once the call came back').to.deep.equal(['a', 'b']);
  });

  it('waits again when the call is over and no other is there', async () => {
    const one = room();
    one.follow.choose('line');
    await settled();
    one.offer('a');
    one.become({ phase: 'live' });
    one.say({ phase: 'hearing' });
    one.become({ phase: 'ended' });
    expect(one.phase()).to.equal('ended');
    one.say({ phase: 'waiting' });
    expect(one.phase()).to.equal('waiting');
    expect(one.view().mode).to.equal('line');
  });

  it('leaves alone who stops listening or waiting', async () => {
    for (const phase of ['waiting', 'live'] as const) {
      const one = room();
      one.follow.choose('surprise');
      await settled();
      one.become({ phase });
      one.become({ phase: 'idle' });
      expect(one.view().mode, phase).to.equal(null);
      expect(one.asked.at(-1), phase).to.deep.equal({
        event: 'listening:unfollow',
        input: { slotId: 'slot' },
      });
      one.offer('a');
      expect(one.listened, phase).to.deep.equal([]);
    }
  });

  it('goes on after a call that could not be joined', async () => {
    const one = room();
    one.follow.choose('line');
    await settled();
    one.offer('a');
    one.become({ phase: 'idle', error: new ApiError('media.full', 'full') });
    expect(one.view().mode).to.equal('line');
    one.offer('b');
    expect(one.listened).to.deep.equal(['a', 'b']);
  });

  it('asks again after a lost connection, so that the place is kept', async () => {
    const one = room();
    one.reconnect();
    expect(one.asked).to.deep.equal([]);
    one.follow.choose('line');
    await settled();
    one.reconnect();
    await settled();
    expect(one.asked.map(({ event }) => event)).to.deep.equal(['listening:follow', 'listening:follow']);
  });

  it('stops with the reason when it is refused, or when the server stops it', async () => {
    const refused = room(() => {
      throw new ApiError('scope.denied', 'no');
    });
    refused.follow.choose('business');
    await settled();
    expect(refused.view()).to.deep.include({ mode: null });
    expect(refused.view().error?.code).to.equal('scope.denied');
    expect(refused.phase()).to.equal('idle');

    const stopped = room();
    stopped.follow.choose('line');
    await settled();
    stopped.say({ mode: null, phase: 'off', stoppedBy: 'slot-over' });
    expect(stopped.view()).to.deep.include({ mode: null, stoppedBy: 'slot-over' });
    expect(stopped.phase()).to.equal('idle');
  });

  it('says goodbye when the room is left', async () => {
    const one = room();
    one.follow.choose('line');
    await settled();
    one.follow.close();
    expect(one.asked.at(-1)?.event).to.equal('listening:unfollow');
    one.offer('a');
    expect(one.listened).to.deep.equal([]);
  });
});
