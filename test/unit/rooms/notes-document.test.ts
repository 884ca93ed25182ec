import { expect } from 'chai';
import * as Y from 'yjs';
import { notesMaxLength, notesTextName } from '#contract/rooms.ts';
import { NotesDocument, readUpdate } from '#domains/rooms/notes-document.ts';
import { AppError } from '#kernel/errors.ts';

const codeOf = (attempt: () => unknown): string => {
  try {
    attempt();
    return 'accepted';
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.code : String(thrown);
  }
};

/** One person's copy, which remembers what it has not sent. */
function copy() {
  const doc = new Y.Doc();
  const text = doc.getText(notesTextName);
  const unsent: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== 'server') unsent.push(update);
  });
  return { doc, text, unsent };
}

const updateOf = (write: (doc: Y.Doc) => void): Uint8Array => {
  const doc = new Y.Doc();
  write(doc);
  return Y.encodeStateAsUpdate(doc);
};

describe('Notes', () => {
  it('come out the same for everybody who wrote at the same place without a connection', () => {
    const server = new NotesDocument();
    const [one, two, three] = [copy(), copy(), copy()];
    one.text.insert(0, 'heard: ');
    server.merge(Y.mergeUpdates(one.unsent));
    for (const other of [two, three]) Y.applyUpdate(other.doc, server.missing(), 'server');
    one.text.insert(7, '客户很生气');
    two.text.insert(7, 'nappies');
    three.text.delete(0, 6);
    // In any order, and more than once.
    for (const { unsent } of [three, one, two, one]) server.merge(Y.mergeUpdates(unsent));
    for (const { doc } of [one, two, three])
      Y.applyUpdate(doc, server.missing(Y.encodeStateVector(doc)), 'server');
    expect(
      new Set([server.text, one.text.toString(), two.text.toString(), three.text.toString()]).size,
    ).to.equal(1);
    expect(server.text).to.include('客户很生气').and.to.include('nappies').and.not.to.include('heard');
  });

  it('say what an update changed, and nothing when it was known', () => {
    const server = new NotesDocument();
    const one = copy();
    one.text.insert(0, 'a');
    const first = server.merge(one.unsent[0]!);
    expect(first).to.be.instanceOf(Uint8Array);
    expect(server.merge(one.unsent[0]!)).to.equal(null);
    const other = new NotesDocument();
    other.load(first!);
    expect(other.text).to.equal('a');
  });

  it('know whose changes an update carries, and how far', () => {
    const one = copy();
    one.text.insert(0, 'abc');
    one.text.insert(3, '好');
    expect([...readUpdate(Y.mergeUpdates(one.unsent))]).to.deep.equal([[one.doc.clientID, 4]]);
    const server = new NotesDocument();
    server.merge(one.unsent[0]!);
    expect(server.clockOf(one.doc.clientID)).to.equal(3);
    one.unsent.length = 0;
    one.text.delete(0, 2);
    expect([...readUpdate(one.unsent[0]!)]).to.deep.equal([]);
  });

  it('take no nonsense', () => {
    for (const nonsense of [
      [],
      [1],
      [0],
      [255, 255, 255, 255, 255, 255, 255, 255, 127],
      [1, 255, 255, 255, 255, 7, 1, 0],
      [...new TextEncoder().encode('{"text":"hello"}')],
    ]) {
      expect(
        codeOf(() => readUpdate(Uint8Array.from(nonsense))),
        nonsense.join(),
      ).to.equal('notes.update');
    }
    const good = updateOf((doc) => doc.getText(notesTextName).insert(0, 'some words'));
    for (let length = 0; length < good.length; length++) {
      expect(
        codeOf(() => readUpdate(good.slice(0, length))),
        `${length} bytes`,
      ).to.equal('notes.update');
    }
  });

  it('take nothing but plain text in the one shared text', () => {
    const strange: Record<string, (doc: Y.Doc) => void> = {
      'another text': (doc) => doc.getText('other').insert(0, 'x'),
      'a map': (doc) => doc.getMap('state').set('key', 'x'),
      'a list': (doc) => doc.getArray(notesTextName).insert(0, ['x']),
      'a text with a type inside': (doc) => doc.getText(notesTextName).insertEmbed(0, new Y.Map()),
      'an embedded thing': (doc) => doc.getText(notesTextName).insertEmbed(0, { image: 'x' }),
      'a format': (doc) => doc.getText(notesTextName).insert(0, 'x', { bold: true }),
      'an attribute': (doc) => doc.getText(notesTextName).setAttribute('colour', 'red'),
      'a sub-document': (doc) => doc.getMap(notesTextName).set('doc', new Y.Doc()),
    };
    for (const [name, write] of Object.entries(strange)) {
      expect(
        codeOf(() => readUpdate(updateOf(write))),
        name,
      ).to.equal('notes.update');
    }
    const plain = updateOf((doc) => doc.getText(notesTextName).insert(0, 'x'));
    expect(codeOf(() => readUpdate(plain))).to.equal('accepted');
  });

  it('refuse what builds on changes that nobody has stored', () => {
    const one = copy();
    one.text.insert(0, 'lost');
    one.text.insert(4, ' and found');
    expect(codeOf(() => new NotesDocument().merge(one.unsent[1]!))).to.equal('notes.update');
    one.unsent.length = 0;
    one.text.delete(0, 4);
    expect(codeOf(() => new NotesDocument().merge(one.unsent[0]!))).to.equal('notes.update');
  });

  it('are full at some point, and can be shortened then', () => {
    const server = new NotesDocument();
    const one = copy();
    one.text.insert(0, '字'.repeat(notesMaxLength));
    server.merge(one.unsent[0]!);
    one.text.insert(0, 'x');
    expect(codeOf(() => server.merge(one.unsent[1]!))).to.equal('notes.full');
    one.text.delete(0, 100);
    const again = new NotesDocument();
    again.merge(one.unsent[0]!);
    expect(codeOf(() => again.merge(Y.mergeUpdates(one.unsent.slice(1))))).to.equal('accepted');
    expect(again.text.length).to.equal(notesMaxLength - 99);
  });

  it('refuse a state vector that cannot be read', () => {
    expect(codeOf(() => new NotesDocument().missing(Uint8Array.of(255)))).to.equal('request.invalid');
  });
});
