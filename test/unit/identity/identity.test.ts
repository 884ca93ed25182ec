import { expect } from 'chai';
import { Identity, type PersonsStore } from '#domains/identity/identity.service.ts';
import type { StoredPerson } from '#domains/identity/identity.ts';
import { requireAbility } from '#domains/identity/require-ability.ts';

const stored = (id: string, worksLineIds: string[] = []): StoredPerson => ({
  id,
  role: 'listener',
  name: { en: id, zh: id },
  title: { en: 'Listener', zh: '听众' },
  worksLineIds,
});

class FakeStore implements PersonsStore {
  reads: string[][] = [];
  failing = false;
  rows = [stored('ann', ['line-b', 'line-w']), stored('bob')];

  async byIds(ids: readonly string[]) {
    this.reads.push([...ids]);
    if (this.failing) throw new Error('the store is away');
    return this.rows.filter((row) => ids.includes(row.id));
  }
  async all() {
    return this.rows;
  }
  async save() {}
}

const setUp = (authMode: 'demo' | 'none' = 'demo') => {
  const store = new FakeStore();
  const time = { now: 0 };
  const identity = new Identity({
    store,
    ownerMap: async (id) => ({
      businessIds: id === 'ann' ? ['b'] : [],
      lineIds: id === 'ann' ? ['line-b'] : [],
    }),
    authMode,
    clock: () => time.now,
  });
  return { store, time, identity };
};

describe('Identity', () => {
  it('adds to a person the lines of what they own to those they work on, each once', async () => {
    const { identity } = setUp();
    const ann = await identity.person('ann');
    expect(ann?.lineIds).to.deep.equal(['line-b', 'line-w']);
    expect(ann?.businessIds).to.deep.equal(['b']);
    expect(ann).to.not.have.property('worksLineIds');
  });

  it('reads a person once in three seconds', async () => {
    const { identity, store, time } = setUp();
    await Promise.all([identity.person('ann'), identity.person('ann')]);
    time.now = 3_000;
    await identity.person('ann');
    expect(store.reads).to.have.length(1);
    time.now = 3_001;
    await identity.person('ann');
    expect(store.reads).to.have.length(2);
  });

  it('asks again after a failed read', async () => {
    const { identity, store } = setUp();
    store.failing = true;
    const failure = await identity.person('ann').catch((error: Error) => error.message);
    expect(failure).to.equal('the store is away');
    store.failing = false;
    expect(await identity.person('ann')).to.have.property('id', 'ann');
  });

  it('reads many people in one query and leaves out those who do not exist', async () => {
    const { identity, store } = setUp();
    const people = await identity.persons(['ann', 'bob', 'ann', 'nobody']);
    expect([...people.keys()]).to.deep.equal(['ann', 'bob']);
    expect(store.reads).to.deep.equal([['ann', 'bob', 'nobody']]);
  });

  it('has personas only in demo mode', async () => {
    const demo = setUp('demo').identity;
    expect(await demo.personas()).to.have.length(2);
    const none = setUp('none').identity;
    for (const attempt of [() => none.personas(), () => none.persona('ann')]) {
      expect(await attempt().catch((error: { code: string }) => error.code)).to.equal('not-found');
    }
  });
});

describe('An ability that is required', () => {
  const person = (role: 'listener' | 'host' | 'agent') => ({
    id: 'p',
    name: { en: 'p', zh: 'p' },
    title: { en: 'p', zh: 'p' },
    role,
    businessIds: [],
    lineIds: ['mine'],
  });
  const code = (run: () => unknown) => {
    try {
      return run();
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('answers the scope, or says whether the role or the scope is missing', () => {
    expect(code(() => requireAbility(person('listener'), 'slots.read', { lineId: 'mine' }))).to.equal('own');
    expect(code(() => requireAbility(person('host'), 'slots.read', { lineId: 'other' }))).to.equal('all');
    expect(code(() => requireAbility(person('listener'), 'slots.read', { lineId: 'other' }))).to.equal(
      'scope.denied',
    );
    expect(code(() => requireAbility(person('agent'), 'slots.read'))).to.equal('ability.denied');
  });
});
