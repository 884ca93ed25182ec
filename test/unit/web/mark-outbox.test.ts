import { expect } from 'chai';
import type { Bookmark, MarkRequest } from '#contract/bookmarks.ts';
import { eventually } from '#support/eventually.ts';
import { ApiError } from '#web/app/api-error.ts';
import { MarkStorage } from '#web/domains/bookmarks/kept-marks.ts';
import { type MarkDoor, MarkOutbox } from '#web/domains/bookmarks/mark-outbox.ts';
import { momentsOf } from '#web/domains/bookmarks/moments.ts';

/** A browser's storage, which outlives the page. */
class PageStorage {
  readonly items = new Map<string, string>();
  get length() {
    return this.items.size;
  }
  key(index: number) {
    return [...this.items.keys()][index] ?? null;
  }
  getItem(key: string) {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string) {
    this.items.set(key, value);
  }
  removeItem(key: string) {
    this.items.delete(key);
  }
}

/** The server's part: keeps marks by key, and answers as it does; `away` while nobody reaches it. */
class Server implements MarkDoor {
  readonly marks = new Map<string, Bookmark>();
  readonly keys = new Map<string, string>();
  readonly heard: string[] = [];
  away = false;
  /** Takes the command, and the answer is lost. */
  deaf = false;

  async mark(request: MarkRequest): Promise<Bookmark> {
    this.#knock('mark');
    const known = this.keys.get(request.idempotencyKey);
    const { offsetMs, note, visibility, remedy, callId = 'call_1', slotId = null } = request;
    const id = known ?? `mark_${this.marks.size + 1}`;
    if (!known) {
      this.keys.set(request.idempotencyKey, id);
      this.marks.set(id, {
        ...{ id, callId, recordingId: null, lineId: 'line', slotId, offsetMs, note, visibility, remedy },
        by: { id: 'me', name: { en: 'Me', zh: '我' }, title: { en: 'T', zh: '职' } },
        ...{ createdAt: 1, updatedAt: 1, revision: 1 },
      });
    }
    this.#answer();
    return this.marks.get(id)!;
  }

  async edit(id: string, { revision, ...change }: Parameters<MarkDoor['edit']>[1]): Promise<Bookmark> {
    this.#knock('edit');
    const before = this.marks.get(id);
    if (!before) throw new ApiError('not-found', 'gone', { status: 404 });
    if (before.revision !== revision) {
      throw new ApiError('bookmark.changed', 'changed', {
        status: 409,
        details: { revision: before.revision },
      });
    }
    const after = { ...before, ...change, revision: revision + 1 };
    this.marks.set(id, after);
    this.#answer();
    return after;
  }

  async remove(id: string, revision: number): Promise<void> {
    this.#knock('remove');
    if (this.marks.get(id)?.revision === revision) this.marks.delete(id);
    this.#answer();
  }

  #knock(what: string): void {
    if (this.away) throw new ApiError('client.offline', 'nobody there');
    this.heard.push(what);
  }

  #answer(): void {
    if (!this.deaf) return;
    this.deaf = false;
    throw new ApiError('client.timeout', 'the answer was lost');
  }
}

const request = (key: string, offsetMs = 5_000): MarkRequest => ({
  ...{ callId: 'call_1', slotId: 'slot_1', offsetMs, note: '', visibility: 'room', remedy: null },
  idempotencyKey: key,
});

describe('Marks on their way', () => {
  let page: PageStorage;
  let server: Server;
  const open = () => new MarkOutbox(new MarkStorage(page, 'me'), server);
  const kept = () => [...page.items.values()];
  const notes = () => [...server.marks.values()].map(({ note }) => note);

  beforeEach(() => {
    page = new PageStorage();
    server = new Server();
  });
  // Whoever still waits for the server finds it, and waits no longer.
  afterEach(async () => {
    server.away = false;
    await eventually(() => expect(kept()).to.deep.equal([]), { within: 10_000 });
  });

  it('leave at once, and their note when it is saved; then nothing of them stays here', async () => {
    const outbox = open();
    outbox.mark(request('key-00001'), 'call_1');
    await eventually(() => expect(server.marks.size).to.equal(1));
    expect(outbox.snapshot()).to.have.length(1);
    outbox.type('key-00001', 'outgrown ');
    outbox.close('key-00001', 'save');
    await eventually(() => expect(notes()).to.deep.equal(['outgrown']));
    await eventually(() => expect(outbox.snapshot()).to.deep.equal([]));
    expect(kept()).to.deep.equal([]);
  });

  it('keep the mark without what was typed, when one thinks better of it', async () => {
    const outbox = open();
    outbox.mark(request('key-00001'), 'call_1');
    outbox.type('key-00001', 'never mind');
    outbox.close('key-00001', 'drop');
    await eventually(() => expect(outbox.snapshot()).to.deep.equal([]));
    expect(notes()).to.deep.equal(['']);
  });

  it('survive the page: what was marked and half typed while the server was away is sent by the next visit', async () => {
    server.away = true;
    const first = open();
    first.mark(request('key-00001', 4_000), 'call_1');
    first.type('key-00001', 'the first');
    first.close('key-00001', 'save');
    first.mark(request('key-00002', 9_000), 'call_1');
    first.type('key-00002', 'half a sent');
    expect(server.marks.size).to.equal(0);
    expect(kept()).to.have.length(2);
    server.away = false;
    open();
    await eventually(() => expect(notes()).to.deep.equal(['the first', 'half a sent']));
    await eventually(() => expect(kept()).to.deep.equal([]));
  });

  it('go out by themselves once the server is back, each once', async () => {
    server.away = true;
    const outbox = open();
    outbox.mark(request('key-00001'), 'call_1');
    outbox.close('key-00001', 'drop');
    expect(momentsOf([], outbox.snapshot(), { callId: 'call_1', personId: 'me' })[0]).to.include({
      state: 'sending',
      offsetMs: 5_000,
    });
    server.away = false;
    await eventually(() => expect(outbox.snapshot()).to.deep.equal([]), { within: 5_000 });
    expect(server.heard).to.deep.equal(['mark']);
  });

  it('are one mark, although the answer was lost and the note was typed meanwhile', async () => {
    server.deaf = true;
    const outbox = open();
    outbox.mark(request('key-00001'), 'call_1');
    outbox.type('key-00001', 'heard twice');
    outbox.close('key-00001', 'save');
    await eventually(() => expect(outbox.snapshot()).to.deep.equal([]), { within: 5_000 });
    expect(notes()).to.deep.equal(['heard twice']);
    expect(server.heard.filter((what) => what === 'mark')).to.have.length(2);
  });

  it('that the server will never take say so, hold up no other, and can be thrown away', async () => {
    const { mark } = server;
    server.mark = async (wanted) => {
      if (wanted.offsetMs === 1) throw new ApiError('scope.denied', 'not yours', { status: 403 });
      return mark.call(server, wanted);
    };
    const outbox = open();
    outbox.mark(request('key-00001', 1), 'call_1');
    outbox.mark(request('key-00002', 2), 'call_1');
    outbox.close('key-00001', 'drop');
    outbox.close('key-00002', 'drop');
    await eventually(() => expect(server.marks.size).to.equal(1));
    await eventually(() => expect(outbox.snapshot()).to.have.length(1));
    const [refused] = momentsOf([], outbox.snapshot(), { callId: 'call_1', personId: 'me' });
    expect(refused).to.include({ state: 'refused', refused: 'scope.denied' });
    outbox.remove({ key: 'key-00001' });
    expect(outbox.snapshot()).to.deep.equal([]);
    expect(kept()).to.deep.equal([]);
  });

  it('changed in another window meanwhile end as they were wanted last', async () => {
    const outbox = open();
    outbox.mark(request('key-00001'), 'call_1');
    outbox.close('key-00001', 'drop');
    await eventually(() => expect(outbox.snapshot()).to.deep.equal([]));
    const stale = [...server.marks.values()][0]!;
    await server.edit(stale.id, { revision: 1, note: 'by the other window' });
    outbox.open(stale);
    outbox.change(stale.id, { remedy: { kind: 'refunded', text: ' all of it ' } });
    outbox.close(stale.id, 'drop');
    await eventually(() => expect(outbox.snapshot()).to.deep.equal([]));
    expect(server.marks.get(stale.id)).to.deep.include({
      note: 'by the other window',
      remedy: { kind: 'refunded', text: 'all of it' },
      revision: 3,
    });
  });

  it('are taken away, also before the server has them', async () => {
    server.away = true;
    const outbox = open();
    outbox.mark(request('key-00001'), 'call_1');
    outbox.remove({ key: 'key-00001' });
    expect(momentsOf([], outbox.snapshot(), { callId: 'call_1', personId: 'me' })).to.deep.equal([]);
    server.away = false;
    await eventually(() => expect(outbox.snapshot()).to.deep.equal([]), { within: 5_000 });
    expect(server.marks.size).to.equal(0);
  });

  it('are one person’s own: another one on this machine does not see or send them', async () => {
    server.away = true;
    const own = open();
    own.mark(request('key-00001'), 'call_1');
    own.close('key-00001', 'drop');
    const other = new MarkOutbox(new MarkStorage(page, 'somebody-else'), server);
    expect(other.snapshot()).to.deep.equal([]);
    expect(server.heard).to.deep.equal([]);
    expect(kept()).to.have.length(1);
  });
});
