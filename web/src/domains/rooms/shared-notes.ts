import {
  applyUpdate,
  ContentString,
  Doc,
  decodeUpdate,
  encodeStateVector,
  Item,
  mergeUpdates,
  type Text,
} from 'yjs';
import type { LocalText } from '#contract/primitives.ts';
import { notesTextName, roomsEvents, roomsRequests } from '#contract/rooms.ts';
import { type ApiError, asApiError } from '../../app/api-error.ts';
import { passes, pauseBefore } from '../../app/passing.ts';
import type { Realtime } from '../../app/realtime.ts';
import type { KeptUpdates } from './kept-updates.ts';

/** Keystrokes are gathered this long. Milliseconds. */
const gatherMs = 200;
/** What this much holds goes in one request. Bytes. */
const batchBytes = 60_000;
/** How often it is asked whether something was missed on the way. Milliseconds. */
const askEveryMs = 20_000;
/** Somebody who wrote this long ago is writing. Milliseconds. */
const writingMs = 3_000;
/** More waiting pieces than this are merged. */
const mostPieces = 32;

/**
 * `opening` until the server's copy is here; `saved` when it has everything; `saving`; `offline` while there is no way
 * to it, with what was written kept here; `refused` when it will not have it.
 */
export type NotesPhase = 'opening' | 'saved' | 'saving' | 'offline' | 'refused';

export interface NotesState {
  readonly phase: NotesPhase;
  readonly mayWrite: boolean;
  readonly error: ApiError | null;
  /** Others who are writing right now. */
  readonly writers: readonly { personId: string; name: LocalText }[];
  /** Something was written here that the server has not stored yet. */
  readonly unsent: boolean;
  /** False when this device has no room to keep it. */
  readonly kept: boolean;
}

/** Comes from elsewhere: not to be sent again. */
const fromServer = Symbol('from the server');
const fromShelf = Symbol('from this device');

/**
 * One person's copy of a slot's shared notes (a Yjs document), kept in step with the server's over the socket.
 * What is written here waits until the server has acknowledged it as stored, and is sent again until then, over lost
 * connections, dead servers and reloads. Sending something twice changes nothing.
 */
export class SharedNotes {
  readonly doc = new Doc();
  readonly text: Text = this.doc.getText(notesTextName);
  readonly #options: { realtime: Realtime; slotId: string; personId: string; kept: KeptUpdates };
  readonly #watchers = new Set<() => void>();
  readonly #cleanups: (() => void)[] = [];
  readonly #writers = new Map<string, { name: LocalText; until: number }>();
  #state: NotesState = {
    phase: 'opening',
    mayWrite: true,
    error: null,
    writers: [],
    unsent: false,
    kept: true,
  };
  #pending: Uint8Array[] = [];
  #forgetLeftovers: (() => void) | null = null;
  /** What came from others while something is being composed here. */
  #held: Uint8Array[] | null = null;
  #opened = false;
  #opening = false;
  #pushing = false;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: { realtime: Realtime; slotId: string; personId: string; kept: KeptUpdates }) {
    this.#options = options;
    const { realtime, slotId, personId, kept } = options;
    kept.tidy();
    const left = kept.leftovers();
    if (left.updates.length > 0) {
      this.#pending = piecesOf(left.updates, batchBytes);
      this.#forgetLeftovers = left.forget;
      for (const update of this.#pending) applyUpdate(this.doc, update, fromShelf);
      if (kept.keep(this.#pending)) this.#forgetNow();
    }
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== fromServer && origin !== fromShelf) this.#written(update);
    });
    this.#cleanups.push(
      realtime.onConnection((connection) => {
        this.#opened = false;
        if (connection === 'connected') void this.#open();
        else if (this.#state.phase !== 'refused') this.#set({ phase: 'offline' });
      }),
      realtime.on(roomsEvents.notes, ({ slotId: of, update, by }) => {
        if (of !== slotId) return;
        this.#receive(update);
        if (by.personId !== personId) this.#isWriting(by.personId, by.name);
      }),
    );
    // Not all windows at once.
    const ask = setInterval(
      () => {
        if (this.#opened && this.#state.phase !== 'refused') void this.#open();
      },
      askEveryMs * (0.75 + Math.random() / 2),
    );
    this.#cleanups.push(() => clearInterval(ask));
    if (realtime.connection === 'connected') void this.#open();
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };
  readonly snapshot = (): NotesState => this.#state;

  /** Nothing of others is merged in until `release`: an input method is at work, and must not be disturbed. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const update of held) this.#receive(update);
  }

  /** After a refusal that may have passed. */
  retry(): void {
    this.#set({ phase: 'opening', error: null });
    void this.#open();
  }

  /** What was written here and is stored nowhere else, as plain words: for the case that it is refused. */
  get unstored(): string {
    return wordsIn(this.#pending);
  }

  close(): void {
    if (this.#closed) return;
    // One last attempt; what it does not reach is on this device.
    if (this.#pending.length > 0 && !this.#pushing) void this.#push();
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const cleanup of this.#cleanups) cleanup();
    this.#watchers.clear();
  }

  #set(change: Partial<NotesState>): void {
    if (this.#closed) return;
    this.#state = { ...this.#state, unsent: this.#pending.length > 0, ...change };
    for (const watcher of this.#watchers) watcher();
  }

  #written(update: Uint8Array): void {
    this.#pending.push(update);
    // While a push is under way it counts on the first ones being as they are.
    if (this.#pending.length > mostPieces && !this.#pushing) {
      this.#pending = piecesOf(this.#pending, batchBytes);
    }
    const kept = this.#keep();
    const { phase, error } = this.#state;
    // Notes that were too long may be short enough now.
    const saving = phase === 'saved' || (phase === 'refused' && error?.code === 'notes.full');
    if (saving || kept !== this.#state.kept || !this.#state.unsent)
      this.#set({ kept, ...(saving && { phase: 'saving', error: null }) });
    this.#soon(gatherMs, () => void this.#push());
  }

  #keep(): boolean {
    const done = this.#options.kept.keep(this.#pending);
    if (done) this.#forgetNow();
    return done;
  }

  /** What was left by earlier windows is kept under this one's name now, or is stored. */
  #forgetNow(): void {
    this.#forgetLeftovers?.();
    this.#forgetLeftovers = null;
  }

  #soon(afterMs: number, run: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(run, afterMs);
  }

  async #open(): Promise<void> {
    const { realtime, slotId } = this.#options;
    if (this.#opening || this.#closed) return;
    this.#opening = true;
    try {
      const stateVector = encodeStateVector(this.doc);
      const { update, mayWrite } = await realtime.request(roomsRequests.openNotes, { slotId, stateVector });
      if (this.#closed) return;
      this.#opened = true;
      this.#tries = 0;
      this.#receive(update);
      this.#set({
        mayWrite,
        ...(this.#state.phase !== 'refused' && { phase: this.#pending.length > 0 ? 'saving' : 'saved' }),
      });
      if (this.#state.phase !== 'refused') void this.#push();
    } catch (thrown) {
      this.#failed(asApiError(thrown), () => void this.#open());
    } finally {
      this.#opening = false;
    }
  }

  async #push(): Promise<void> {
    const { realtime, slotId } = this.#options;
    if (this.#pushing || !this.#opened || this.#state.phase === 'refused') return;
    this.#pushing = true;
    try {
      while (this.#pending.length > 0) {
        const count = fitting(this.#pending, batchBytes);
        const update = mergeUpdates(this.#pending.slice(0, count));
        await realtime.request(roomsRequests.pushNotes, { slotId, update });
        this.#tries = 0;
        this.#pending.splice(0, count);
        this.#keep();
        if (this.#closed) return;
      }
      this.#set({ phase: 'saved', error: null, kept: true });
    } catch (thrown) {
      this.#failed(asApiError(thrown), () => void this.#push());
    } finally {
      this.#pushing = false;
    }
  }

  #failed(error: ApiError, again: () => void): void {
    if (this.#closed) return;
    if (!passes(error)) {
      this.#set({ phase: 'refused', error });
      return;
    }
    this.#set({ phase: 'offline', error });
    // Without a connection the next one carries on.
    if (this.#options.realtime.connection === 'connected') this.#soon(pauseBefore(this.#tries++), again);
  }

  #receive(update: Uint8Array): void {
    if (this.#held) {
      this.#held.push(update);
      return;
    }
    applyUpdate(this.doc, update, fromServer);
    // It builds on something that has not come: announcements get lost while Redis is away.
    if (this.doc.store.pendingStructs && this.#opened) void this.#open();
  }

  #isWriting(personId: string, name: LocalText): void {
    this.#writers.set(personId, { name, until: Date.now() + writingMs });
    this.#showWriters();
    setTimeout(() => this.#showWriters(), writingMs + 50);
  }

  #showWriters(): void {
    const now = Date.now();
    for (const [personId, { until }] of this.#writers) if (until <= now) this.#writers.delete(personId);
    const writers = [...this.#writers].map(([personId, { name }]) => ({ personId, name }));
    const same =
      writers.map(({ personId }) => personId).join() ===
      this.#state.writers.map((one) => one.personId).join();
    if (!same) this.#set({ writers });
  }
}

/** How many of the first updates fit into one request; one always goes. */
function fitting(updates: readonly Uint8Array[], bytes: number): number {
  let sum = 0;
  const beyond = updates.findIndex((update) => {
    sum += update.length;
    return sum > bytes;
  });
  return beyond < 0 ? updates.length : Math.max(1, beyond);
}

/** The same changes in as few updates as fit into requests of `bytes`. */
export function piecesOf(updates: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let rest = updates;
  while (rest.length > 0) {
    const count = fitting(rest, bytes);
    pieces.push(mergeUpdates(rest.slice(0, count)));
    rest = rest.slice(count);
  }
  return pieces;
}

/** The words that updates bring, in the order they were written. */
export function wordsIn(updates: readonly Uint8Array[]): string {
  return updates
    .flatMap((update) => decodeUpdate(update).structs)
    .map((struct) =>
      struct instanceof Item && struct.content instanceof ContentString ? struct.content.str : '',
    )
    .join('');
}
