import { expect } from 'chai';
import { pino } from 'pino';
import { applyUpdate, Doc, encodeStateVector } from 'yjs';
import type { Person } from '#contract/identity.ts';
import { notesTextName } from '#contract/rooms.ts';
import type { Slot } from '#contract/seats.ts';
import { createNotesService } from '#domains/rooms/notes.service.ts';
import type { NotesStore } from '#domains/rooms/notes.store.ts';
import type { RoomsEvents } from '#domains/rooms/rooms.ts';
import { AppError } from '#kernel/errors.ts';
import { TypedEvents } from '#kernel/typed-events.ts';

const person = (id: string): Person => ({
  ...{ id, name: { en: id, zh: id }, title: { en: id, zh: id }, role: 'host' },
  ...{ businessIds: [], lineIds: [] },
});
const slot: Slot = {
  ...{ id: 'slot_1', lineId: 'supermarket', startsAt: 0, endsAt: 3_600_000, zone: 'UTC', seats: 5, taken: 0 },
  ...{ mode: 'listen', hostId: null, hostName: null, mine: null },
};
/** Lets others have their turn, as a database would. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The database that several processes share. `fault` is asked before and after every write. */
function sharedStore() {
  const rows = new Map<string, Uint8Array>();
  const owners = new Map<string, string>();
  let snapshot: { state: Uint8Array; generation: number } | null = null;
  let fault: ((when: 'before' | 'after') => void) | undefined;
  const store: NotesStore = {
    async since(_slotId, seen, generation) {
      await turn();
      const updates = [...rows].filter(([id]) => !seen.has(id)).map(([id, update]) => ({ id, update }));
      await turn();
      return { updates, snapshot: snapshot && snapshot.generation > generation ? snapshot : null };
    },
    async append({ id, update }) {
      await turn();
      fault?.('before');
      rows.set(id, update);
      fault?.('after');
    },
    async compact(_slotId, generation, state, ids) {
      await turn();
      if ((snapshot?.generation ?? 0) !== generation) return false;
      snapshot = { state, generation: generation + 1 };
      await turn();
      for (const id of ids) rows.delete(id);
      return true;
    },
    async claimCopy(_slotId, client, { personId }) {
      await turn();
      const key = String(client);
      owners.set(key, owners.get(key) ?? personId);
      return owners.get(key) ?? personId;
    },
    authors: async () => [],
  };
  return {
    store,
    rows,
    generation: () => snapshot?.generation ?? 0,
    failOnce(when: 'before' | 'after') {
      fault = (now) => {
        if (now !== when) return;
        fault = undefined;
        throw new Error('the database is away');
      };
    },
  };
}

describe('The notes of one slot, in several processes', () => {
  const processOn = (store: NotesStore) => {
    const events = new TypedEvents<RoomsEvents>((_, fault) => {
      throw fault;
    });
    let told = 0;
    events.on('notes-changed', () => {
      told += 1;
    });
    const notes = createNotesService({
      ...{ store, events, slotFor: async () => slot, clock: () => 1_000, log: pino({ level: 'silent' }) },
    });
    return { notes, told: () => told };
  };
  /** A copy whose changes go to a process, one request each. */
  const writer = (id: string, { notes }: ReturnType<typeof processOn>) => {
    const doc = new Doc();
    const text = doc.getText(notesTextName);
    const unsent: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'server') unsent.push(update);
    });
    return {
      doc,
      text,
      unsent,
      async send() {
        for (let update = unsent[0]; update; update = unsent[0]) {
          await notes.push(person(id), slot.id, update);
          unsent.shift();
        }
      },
      async catchUp() {
        const { update } = await notes.open(person(id), slot.id, encodeStateVector(doc));
        applyUpdate(doc, update, 'server');
      },
    };
  };

  it('are the same everywhere, through every compaction, whoever was first', async () => {
    const shared = sharedStore();
    const writers = ['a', 'b', 'c'].map((id) => writer(id, processOn(shared.store)));
    await Promise.all(
      writers.map(async ({ text, send, catchUp }, index) => {
        for (let round = 0; round < 80; round++) {
          text.insert((round * 7) % (text.length + 1), '客a😀'[(round + index) % 2] ?? '');
          if (round % 9 === 8) text.delete(0, 1);
          await send();
          if (round % 5 === index) await catchUp();
        }
      }),
    );
    await Promise.all(writers.map(({ catchUp }) => catchUp()));
    const texts = new Set(writers.map(({ text }) => text.toString()));
    expect(texts.size).to.equal(1);
    expect(shared.generation()).to.be.greaterThan(1);
    expect(shared.rows.size).to.be.lessThan(128);
    const fresh = processOn(shared.store);
    expect((await fresh.notes.textOf(slot.id)).text).to.equal([...texts][0]);
  });

  it('have nothing that is not stored, and store once what is sent again', async () => {
    for (const when of ['before', 'after'] as const) {
      const shared = sharedStore();
      const one = processOn(shared.store);
      const { text, send } = writer('a', one);
      text.insert(0, 'first');
      await send();
      text.insert(5, ' second');
      shared.failOnce(when);
      expect(await send().then(() => 'stored', String)).to.equal('Error: the database is away');
      // A reader in between sees what is stored, and nothing else.
      const stored = when === 'before' ? 'first' : 'first second';
      expect((await one.notes.textOf(slot.id)).text).to.equal(stored);
      await send();
      expect((await one.notes.textOf(slot.id)).text).to.equal('first second');
      expect(shared.rows.size).to.equal(2);
      // Told again even if it was stored: the others may not have heard of it.
      expect(one.told()).to.equal(2);
    }
  });

  it('let nobody write with somebody else’s copy', async () => {
    const shared = sharedStore();
    const [one, two] = [processOn(shared.store), processOn(shared.store)];
    const victim = writer('victim', one);
    victim.text.insert(0, 'mine');
    await victim.send();
    victim.text.insert(4, ' and more');
    const [forged] = victim.unsent;
    const refused = await two.notes.push(person('other'), slot.id, forged!).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(AppError).and.to.have.property('code', 'notes.update');
    await victim.send();
    expect((await two.notes.textOf(slot.id)).text).to.equal('mine and more');
  });
});
