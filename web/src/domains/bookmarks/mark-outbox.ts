import type { Bookmark, MarkRequest } from '#contract/bookmarks.ts';
import { type ApiError, asApiError } from '#web/app/api-error.ts';
import { passes } from '#web/app/passing.ts';
import type { KeptMark, MarkStorage, MarkWords } from './kept-marks.ts';

/** How marks reach the server. Each rejects with ApiError. */
export interface MarkDoor {
  mark(request: MarkRequest): Promise<Bookmark>;
  edit(id: string, change: { revision: number } & Partial<MarkWords>): Promise<Bookmark>;
  remove(id: string, revision: number): Promise<void>;
}

export type SentMark = { bookmark: Bookmark } | { removed: string };

const longestPauseMs = 15_000;
/** A mark that another window of the same person keeps changing is left to it after so many tries. */
const maxRounds = 5;

/**
 * Marks on their way: kept on this machine from the key press on, sent as often as it takes, and forgotten when the
 * server has them as they are wanted. What is typed is kept with every letter.
 */
export class MarkOutbox {
  readonly #storage: MarkStorage;
  readonly #door: MarkDoor;
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Set<(sent: SentMark) => void>();
  #marks: readonly KeptMark[] = [];
  #flushing = false;
  #again: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(storage: MarkStorage, door: MarkDoor) {
    this.#storage = storage;
    this.#door = door;
    // A note that was being typed when the page went away is what its writer last wanted.
    this.#marks = storage.load().map((mark) => withDraft(mark));
    void this.flush();
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };
  readonly snapshot = (): readonly KeptMark[] => this.#marks;

  /** Told of every mark that the server has taken, or taken away. */
  onSent(listener: (sent: SentMark) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Marks a moment, with a note open. */
  mark(request: MarkRequest, callId: string): void {
    const { idempotencyKey: key, offsetMs, note, visibility, remedy } = request;
    const wanted = { note, visibility, remedy };
    this.#put({
      ...{ key, callId, offsetMs, markedAt: Date.now(), request, sent: null, wanted },
      ...{ draft: note, removed: false, refused: null },
    });
    void this.flush();
  }

  /** Opens the note of a mark that the server has. */
  open(bookmark: Bookmark): void {
    const known = this.#marks.find(({ sent }) => sent?.id === bookmark.id);
    if (known) this.#put({ ...known, draft: known.draft ?? known.wanted.note });
    else this.#put({ ...taken(bookmark), draft: bookmark.note });
  }

  type(key: string, draft: string): void {
    const mark = this.#find(key);
    if (mark) this.#put({ ...mark, draft });
  }

  /** What is said besides the note counts at once. */
  change(key: string, change: Partial<MarkWords>): void {
    const mark = this.#find(key);
    if (!mark) return;
    const { remedy } = change;
    const trimmed = remedy ? { remedy: { ...remedy, text: remedy.text.trim() } } : {};
    this.#put({ ...mark, wanted: { ...mark.wanted, ...change, ...trimmed } });
    void this.flush();
  }

  /** Closes the note: what was typed counts, or is dropped. */
  close(key: string, how: 'save' | 'drop'): void {
    const mark = this.#find(key);
    if (!mark) return;
    this.#put(how === 'save' ? withDraft(mark) : { ...mark, draft: null });
    void this.flush();
  }

  remove(target: { key: string } | { bookmark: Bookmark }): void {
    const mark =
      'key' in target
        ? this.#find(target.key)
        : (this.#marks.find(({ sent }) => sent?.id === target.bookmark.id) ?? taken(target.bookmark));
    if (!mark) return;
    if (mark.refused !== null && !mark.sent) {
      this.#forget(mark.key);
      return;
    }
    this.#put({ ...mark, draft: null, removed: true, refused: null });
    void this.flush();
  }

  /** Sends what is to be sent, one after the other; again later what did not get through. */
  async flush(): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    clearTimeout(this.#again);
    try {
      for (let next = this.#due(); next; next = this.#due()) {
        if (!(await this.#send(next))) return;
        this.#failures = 0;
      }
    } finally {
      this.#flushing = false;
    }
  }

  /** The first mark that is not on the server as it is wanted. */
  #due(): KeptMark | undefined {
    for (const mark of this.#marks) {
      if (mark.refused !== null) continue;
      if (!mark.sent && !mark.request) {
        this.#forget(mark.key);
        continue;
      }
      if (!mark.sent || mark.removed || differs(mark.wanted, mark.sent)) return mark;
      if (mark.draft === null) this.#forget(mark.key);
    }
    return undefined;
  }

  /** False when the way is broken: everything waits. */
  async #send(mark: KeptMark): Promise<boolean> {
    try {
      await this.#deliver(mark);
      return true;
    } catch (thrown) {
      const error = asApiError(thrown);
      if (passes(error) || error.code === 'session.required' || error.code === 'session.csrf') {
        const pause = Math.min(longestPauseMs, 500 * 2 ** this.#failures++);
        this.#again = setTimeout(() => void this.flush(), pause);
        return false;
      }
      this.#refuse(mark.key, error);
      return true;
    }
  }

  async #deliver(mark: KeptMark): Promise<void> {
    let { sent } = mark;
    if (!sent && mark.request) {
      sent = await this.#door.mark(mark.request);
      this.#update(mark.key, { sent });
      this.#tell({ bookmark: sent });
    }
    for (let rounds = 0; sent; rounds++) {
      const now = this.#find(mark.key);
      if (!now) return;
      try {
        if (now.removed) {
          await this.#door.remove(sent.id, sent.revision);
          this.#forget(mark.key);
          this.#tell({ removed: sent.id });
          return;
        }
        if (!differs(now.wanted, sent)) return;
        const before: Bookmark = sent;
        sent = await this.#door.edit(sent.id, { revision: sent.revision, ...changeOf(now.wanted, sent) });
        // Typed on meanwhile, perhaps: what is wanted is read anew.
        const { wanted } = this.#find(mark.key) ?? now;
        this.#update(mark.key, { sent, wanted: rebased(wanted, before, sent) });
        this.#tell({ bookmark: sent });
      } catch (thrown) {
        const error = asApiError(thrown);
        const revision = Number(error.details.revision ?? 0);
        if (error.code === 'not-found' || (error.code === 'bookmark.changed' && revision === 0)) {
          // Another window took it away.
          this.#forget(mark.key);
          this.#tell({ removed: sent.id });
          return;
        }
        // Changed in another window of the same person: the later wish counts.
        if (error.code !== 'bookmark.changed' || rounds >= maxRounds) throw error;
        sent = { ...sent, revision };
        this.#update(mark.key, { sent });
      }
    }
  }

  #refuse(key: string, error: ApiError): void {
    this.#update(key, { refused: error.code });
  }

  #find(key: string): KeptMark | undefined {
    return this.#marks.find((mark) => mark.key === key);
  }

  #update(key: string, change: Partial<KeptMark>): void {
    const mark = this.#find(key);
    if (mark) this.#put({ ...mark, ...change });
  }

  #put(mark: KeptMark): void {
    this.#storage.keep(mark);
    const there = this.#marks.some(({ key }) => key === mark.key);
    this.#become(
      there ? this.#marks.map((one) => (one.key === mark.key ? mark : one)) : [...this.#marks, mark],
    );
  }

  #forget(key: string): void {
    this.#storage.forget(key);
    this.#become(this.#marks.filter((mark) => mark.key !== key));
  }

  #become(marks: readonly KeptMark[]): void {
    this.#marks = marks;
    for (const watcher of this.#watchers) watcher();
  }

  #tell(sent: SentMark): void {
    for (const listener of this.#listeners) listener(sent);
  }
}

function withDraft(mark: KeptMark): KeptMark {
  if (mark.draft === null) return mark;
  return { ...mark, draft: null, wanted: { ...mark.wanted, note: mark.draft.trim() } };
}

/** A mark of the server's that is to be changed. */
function taken(bookmark: Bookmark): KeptMark {
  const { id, callId, offsetMs, note, visibility, remedy } = bookmark;
  return {
    ...{ key: id, callId, offsetMs, markedAt: Date.now(), request: null, sent: bookmark },
    ...{ wanted: { note, visibility, remedy }, draft: null, removed: false, refused: null },
  };
}

const sameRemedy = (a: MarkWords['remedy'], b: MarkWords['remedy']): boolean =>
  a?.kind === b?.kind && (a?.text ?? '') === (b?.text ?? '');

/** What was not changed here is as the server has it now: another window may have changed it. */
function rebased(wanted: MarkWords, before: Bookmark, after: Bookmark): MarkWords {
  const { note, visibility, remedy } = after;
  return { note, visibility, remedy, ...changeOf(wanted, before) };
}

const differs = (wanted: MarkWords, sent: Bookmark): boolean =>
  Object.keys(changeOf(wanted, sent)).length > 0;

function changeOf(wanted: MarkWords, sent: Bookmark): Partial<MarkWords> {
  return {
    ...(wanted.note !== sent.note && { note: wanted.note }),
    ...(wanted.visibility !== sent.visibility && { visibility: wanted.visibility }),
    ...(!sameRemedy(wanted.remedy, sent.remedy) && { remedy: wanted.remedy }),
  };
}
