import { expect } from 'chai';
import type { Person, Role } from '#contract/identity.ts';
import type { StoredCall } from '#domains/calls/calls.ts';
import { assertHeardFromSeat, assertMode, dispatchable, followScope } from '#domains/listening/follow.ts';
import { noon } from '#support/dispatch-situations.ts';

const person = (role: Role, lineIds: string[]): Person => ({
  id: 'person',
  name: { en: 'Someone', zh: '某人' },
  title: { en: 'Title', zh: '职位' },
  role,
  businessIds: [],
  lineIds,
});

const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'allowed';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('What may be followed from a seat', () => {
  it('is its own line and, for owners of more, the lines of their businesses', () => {
    const owner = person('owner', ['supermarket', 'fresh-food', 'delivery']);
    expect(followScope(owner, 'supermarket', ['supermarket', 'fresh-food', 'delivery'])).to.deep.equal({
      lineIds: ['supermarket', 'fresh-food', 'delivery'],
      across: true,
    });
    expect(followScope(person('listener', ['supermarket']), 'supermarket', ['supermarket'])).to.deep.equal({
      lineIds: ['supermarket'],
      across: false,
    });
  });

  it('does not grow by lines that somebody only works on, and never beyond the scope', () => {
    const worker = person('listener', ['supermarket', 'delivery']);
    expect(followScope(worker, 'supermarket', []).lineIds).to.deep.equal(['supermarket']);
    // The owner map may be newer than the person that was read: both must agree.
    const former = person('owner', ['supermarket']);
    expect(followScope(former, 'supermarket', ['supermarket', 'electronics']).lineIds).to.deep.equal([
      'supermarket',
    ]);
  });

  it('is everything for hosts and the CX team, and the seat’s line for roles that do not listen', () => {
    for (const role of ['host', 'cx'] as const) {
      expect(followScope(person(role, []), 'supermarket', []), role).to.deep.equal({
        lineIds: null,
        across: true,
      });
    }
    expect(followScope(person('agent', ['delivery']), 'supermarket', ['delivery'])).to.deep.equal({
      lineIds: ['supermarket'],
      across: false,
    });
  });

  it('refuses a call of another line, and `my business` to those who have no other line', () => {
    const one = { lineIds: ['supermarket'], across: false };
    const more = { lineIds: ['supermarket', 'delivery'], across: true };
    expect(codeOf(() => assertHeardFromSeat(one, 'delivery'))).to.equal('scope.denied');
    expect(codeOf(() => assertHeardFromSeat(more, 'delivery'))).to.equal('allowed');
    expect(codeOf(() => assertHeardFromSeat({ lineIds: null }, 'delivery'))).to.equal('allowed');
    const listener = person('listener', ['supermarket']);
    expect(codeOf(() => assertMode(listener, one, 'business'))).to.equal('scope.denied');
    expect(codeOf(() => assertMode(person('agent', []), one, 'business'))).to.equal('ability.denied');
    expect(codeOf(() => assertMode(listener, more, 'business'))).to.equal('allowed');
    for (const mode of ['line', 'surprise', 'chosen'] as const) {
      expect(
        codeOf(() => assertMode(listener, one, mode)),
        mode,
      ).to.equal('allowed');
    }
  });
});

describe('A live call for the dispatcher', () => {
  const call: StoredCall = {
    id: 'call',
    externalId: 'x',
    lineId: 'supermarket',
    state: 'live',
    origin: 'rtp',
    agentId: 'agent-1',
    agentName: null,
    customerMasked: '',
    facts: { sku: 'softcub-nappies-m', product: { en: 'Nappies', zh: '纸尿裤' }, scenarioId: 'wrong-size' },
    legs: [
      { id: 'a', role: 'agent', codec: 'PCMU', state: 'live', rtp: null },
      { id: 'c', role: 'customer', codec: 'PCMU', state: 'live', rtp: null },
    ],
    pause: null,
    instanceId: 'server-one',
    customerTokenHash: null,
    customerTokenExpiresAt: null,
    openedAt: noon - 1_000,
    startedAt: noon,
    endedAt: null,
    endReason: null,
  };

  it('is known by its article where it has one, and is played by the server that carries it', () => {
    expect(dispatchable(call, 3)).to.deep.include({
      productKey: 'softcub-nappies-m',
      scenarioId: 'wrong-size',
      startedAt: noon,
      pausedSince: null,
      ending: false,
      arousal: null,
      ears: 3,
      process: 'server-one',
    });
    expect(dispatchable({ ...call, facts: { product: { en: 'Nuts', zh: '坚果' } } }, 0).productKey).to.equal(
      'Nuts',
    );
  });

  it('is ending when one of the two who talk is gone, and paused since its pause began', () => {
    const [agent, customer] = call.legs;
    const left = { ...call, legs: [agent!, { ...customer!, state: 'ended' as const }] };
    expect(dispatchable(left, 0).ending).to.equal(true);
    const paused = { ...call, pause: { since: noon + 5, until: noon + 600_000, by: 'agent' as const } };
    expect(dispatchable(paused, 0).pausedSince).to.equal(noon + 5);
  });
});
