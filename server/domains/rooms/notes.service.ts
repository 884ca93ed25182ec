import type { Person } from '#contract/identity.ts';
import type { Author } from '#contract/rooms.ts';
import type { Slot } from '#contract/seats.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { NotesStore } from './notes.store.ts';
import { NotesDocument, notesStateMaxBytes, readUpdate } from './notes-document.ts';
import { notesAccess, type RoomsEvents } from './rooms.ts';

/** This many stored updates are merged into a snapshot. */
const updatesPerSnapshot = 64;
/** Notes that nobody asked for this long leave the memory. Milliseconds. */
const idleMs = 5 * 60_000;

interface OpenNotes {
  document: NotesDocument;
  /** Ids of stored updates that are in the document, besides those in the snapshot of `generation`. */
  seen: Set<string>;
  generation: number;
  usedAt: number;
  /** Uses of one slot's notes go one after the other. */
  turn: Promise<unknown>;
}

const empty = () => ({ document: new NotesDocument(), seen: new Set<string>(), generation: 0 });

export interface NotesDependencies {
  readonly store: NotesStore;
  readonly slotFor: (person: Person, slotId: string) => Promise<Slot>;
  readonly events: TypedEvents<RoomsEvents>;
  readonly clock: Clock;
  readonly log: Log;
}

export type NotesService = ReturnType<typeof createNotesService>;

/**
 * Shared notes of every slot. Several processes write at once: the database holds the truth, and each process merges
 * what it lacks before it answers.
 */
export function createNotesService(deps: NotesDependencies) {
  const { store, events, clock, log } = deps;
  const open = new Map<string, OpenNotes>();

  async function refresh(slotId: string, notes: OpenNotes): Promise<void> {
    const { updates, snapshot } = await store.since(slotId, notes.seen, notes.generation);
    if (snapshot) {
      notes.document.load(snapshot.state);
      notes.generation = snapshot.generation;
      // Most of those are in the snapshot now; the few that are not will be read and merged once more.
      notes.seen.clear();
    }
    for (const { id, update } of updates) {
      notes.document.load(update);
      notes.seen.add(id);
    }
  }

  /** Alone with the notes as the database has them now. What a failed use has put in is thrown away. */
  function withNotes<T>(slotId: string, use: (notes: OpenNotes) => Promise<T>): Promise<T> {
    const notes = open.get(slotId) ?? { ...empty(), usedAt: clock(), turn: Promise.resolve() };
    open.set(slotId, notes);
    const mine = notes.turn.then(async () => {
      notes.usedAt = clock();
      await refresh(slotId, notes);
      try {
        return await use(notes);
      } catch (error) {
        Object.assign(notes, empty());
        throw error;
      }
    });
    notes.turn = mine.catch(() => undefined);
    return mine;
  }

  /** A copy belongs to whoever wrote with it first: nobody can write in somebody else's name. */
  async function claim(notes: OpenNotes, slotId: string, clients: Map<number, number>, by: Author) {
    for (const [client, end] of clients) {
      if (end <= notes.document.clockOf(client)) continue;
      if ((await store.claimCopy(slotId, client, by, clock())) !== by.personId) {
        throw new AppError('notes.update', 'These changes were made by somebody else.');
      }
    }
  }

  async function compact(slotId: string, notes: OpenNotes): Promise<void> {
    const state = notes.document.missing();
    const ids = [...notes.seen];
    if (!(await store.compact(slotId, notes.generation, state, ids, clock()))) return;
    notes.generation += 1;
    notes.seen.clear();
    log.debug({ slotId, updates: ids.length, bytes: state.length }, 'notes compacted');
  }

  return {
    /** What this copy lacks. Errors: `seat.required`, `scope.denied`, `request.invalid`. */
    async open(person: Person, slotId: string, stateVector: Uint8Array) {
      const { mayWrite } = notesAccess(person, await deps.slotFor(person, slotId), clock());
      return withNotes(slotId, async ({ document }) => ({
        update: document.missing(stateVector),
        stateVector: document.stateVector,
        mayWrite,
      }));
    },

    /** Resolves when the changes are stored. Errors: `notes.update`, `notes.full`, `slot.over`, and as `open`. */
    async push(person: Person, slotId: string, update: Uint8Array): Promise<void> {
      const { mayWrite, insider } = notesAccess(person, await deps.slotFor(person, slotId), clock());
      if (!insider) throw new AppError('ability.denied', 'Only those in the room write its notes.');
      if (!mayWrite) throw new AppError('slot.over', 'The notes of this slot are closed.');
      const clients = readUpdate(update);
      const by: Author = { personId: person.id, name: person.name };
      await withNotes(slotId, async (notes) => {
        await claim(notes, slotId, clients, by);
        const changes = notes.document.merge(update);
        if (!changes) return;
        if (notes.document.missing().length > notesStateMaxBytes) {
          throw new AppError('notes.full', 'The notes of this slot are full.');
        }
        const id = newId('note', clock());
        await store.append({ id, slotId, update: changes, personId: person.id, at: clock() });
        notes.seen.add(id);
        if (notes.seen.size >= updatesPerSnapshot) {
          await compact(slotId, notes).catch((error: unknown) =>
            log.warn({ slotId, err: error }, 'notes were not compacted'),
          );
        }
      });
      // Told even if nothing was new: the process that stored it may have died before it could tell.
      events.emit('notes-changed', { slotId, update, by });
    },

    async textOf(slotId: string): Promise<{ text: string; authors: Author[] }> {
      const [text, authors] = await Promise.all([
        withNotes(slotId, async ({ document }) => document.text),
        store.authors(slotId),
      ]);
      return { text, authors };
    },

    /** They are deleted: nothing of them stays in the memory. */
    forget(slotId: string): void {
      open.delete(slotId);
    },

    /** Every minute or so: notes that nobody uses leave the memory. */
    forgetIdle(): void {
      const before = clock() - idleMs;
      for (const [slotId, { usedAt }] of open) if (usedAt < before) open.delete(slotId);
    },
  };
}
