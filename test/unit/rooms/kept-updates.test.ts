import { expect } from 'chai';
import * as Y from 'yjs';
import { keptOutbox } from '#web/domains/rooms/kept-outbox.ts';
import { KeptUpdates, type Storage } from '#web/domains/rooms/kept-updates.ts';
import { piecesOf, wordsIn } from '#web/domains/rooms/shared-notes.ts';

/** What a browser keeps, with an end to it. */
function storageOf(room = 5_000_000): Storage & { entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    getItem: (name) => entries.get(name) ?? null,
    setItem: (name, value) => {
      if (value.length > room) throw new DOMException('full', 'QuotaExceededError');
      entries.set(name, value);
    },
    removeItem: (name) => void entries.delete(name),
    key: (index) => [...entries.keys()][index] ?? null,
    get length() {
      return entries.size;
    },
  };
}

const typed = (words: readonly string[]): Uint8Array[] => {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  for (const word of words) doc.getText('notes').insert(doc.getText('notes').length, word);
  return updates;
};

describe('What was typed and is not stored yet', () => {
  const at = (storage: Storage | null, windowId: string, more: { personId?: string; now?: number } = {}) =>
    new KeptUpdates({
      slotId: 'slot_1',
      personId: more.personId ?? 'manager',
      windowId,
      storage,
      now: () => more.now ?? 1_000,
    });

  it('is found by the next window of the same person, and by nobody else', () => {
    const storage = storageOf();
    expect(at(storage, 'first').keep(typed(['客户 ', 'said']))).to.equal(true);
    expect(wordsIn(at(storage, 'second').leftovers().updates)).to.equal('客户 said');
    expect(at(storage, 'third', { personId: 'host' }).leftovers().updates).to.deep.equal([]);
    expect(at(storage, 'first').leftovers().updates, 'one’s own are no leftovers').to.deep.equal([]);
  });

  it('stays until the one who took it over says so, or its window stores it', () => {
    const storage = storageOf();
    at(storage, 'first').keep(typed(['a']));
    const left = at(storage, 'second').leftovers();
    expect(at(storage, 'third').leftovers().updates).to.have.length(1);
    left.forget();
    expect(storage.entries.size).to.equal(0);
    at(storage, 'first').keep(typed(['b']));
    at(storage, 'first').keep([]);
    expect(storage.entries.size).to.equal(0);
  });

  it('is forgotten after two weeks, and when it cannot be read', () => {
    const storage = storageOf();
    at(storage, 'old').keep(typed(['a']));
    at(storage, 'new', { now: 15 * 86_400_000 }).keep(typed(['b']));
    storage.setItem('cloud-listening.notes.slot_1.manager.broken', 'not json');
    storage.setItem('somebody else’s', 'kept');
    at(storage, 'now', { now: 15 * 86_400_000 }).tidy();
    expect([...storage.entries.keys()]).to.deep.equal([
      'cloud-listening.notes.slot_1.manager.new',
      'somebody else’s',
    ]);
  });

  it('says so where the device has no room for it', () => {
    expect(at(storageOf(10), 'first').keep(typed(['some words']))).to.equal(false);
    expect(at(null, 'first').keep(typed(['a']))).to.equal(false);
    expect(at(null, 'first').keep([])).to.equal(true);
  });

  it('goes in as few pieces as fit, without a change', () => {
    const updates = typed(Array.from({ length: 500 }, (_, index) => `第${index}句。`));
    const pieces = piecesOf(updates, 2_000);
    expect(pieces.length).to.be.lessThan(25);
    for (const piece of pieces) expect(piece.length).to.be.at.most(2_000);
    const [before, after] = [new Y.Doc(), new Y.Doc()];
    for (const update of updates) Y.applyUpdate(before, update);
    for (const piece of pieces) Y.applyUpdate(after, piece);
    expect(after.getText('notes').toString()).to.equal(before.getText('notes').toString());
    expect(piecesOf(typed(['x'.repeat(5_000)]), 2_000), 'a large one goes alone').to.have.length(1);
  });
});

describe('Messages on their way', () => {
  it('outlive a reload, and what is not a message is not read', () => {
    const storage = storageOf();
    const outbox = keptOutbox('slot_1', 'manager', storage);
    const message = { key: 'key-12345', text: '你好', at: 1 };
    outbox.keep([message]);
    expect(keptOutbox('slot_1', 'manager', storage).read()).to.deep.equal([message]);
    expect(keptOutbox('slot_1', 'host', storage).read()).to.deep.equal([]);
    storage.setItem('cloud-listening.messages.slot_1.host', '[{"key":1},null,"x"]');
    expect(keptOutbox('slot_1', 'host', storage).read()).to.deep.equal([]);
    outbox.keep([]);
    expect(outbox.read()).to.deep.equal([]);
    outbox.keepDraft('half a sen');
    expect(keptOutbox('slot_1', 'manager', storage).readDraft()).to.equal('half a sen');
    outbox.keepDraft('');
    expect(outbox.readDraft()).to.equal('');
  });
});
