import {
  applyUpdate,
  ContentDeleted,
  ContentString,
  Doc,
  decodeUpdate,
  encodeStateAsUpdate,
  encodeStateVector,
  GC,
  getState,
  Item,
  mergeUpdates,
  Skip,
} from 'yjs';
import { notesMaxLength, notesTextName } from '#contract/rooms.ts';
import { AppError } from '#kernel/errors.ts';

/** One change may not be longer than this: a forged length would only waste numbers. UTF-16 code units. */
const longestChange = 1_000_000;
/** Copies that ever wrote in one slot's notes; every page that is opened is one. */
const mostCopies = 5_000;
/** The whole document with what was deleted. Bytes. */
export const notesStateMaxBytes = 2_000_000;

const unreadable = (cause?: unknown) =>
  new AppError('notes.update', 'These changes cannot be merged into the notes.', { cause });
const full = () => new AppError('notes.full', 'The notes of this slot are full. Please shorten them first.');

/**
 * Whose changes an update carries: Yjs client ids with the clock after their last change.
 * Only plain text in the one shared text gets through: no formats, no embedded things, no other types.
 * Error: `notes.update`.
 */
export function readUpdate(update: Uint8Array): Map<number, number> {
  let structs: ReturnType<typeof decodeUpdate>['structs'];
  try {
    ({ structs } = decodeUpdate(update));
  } catch (error) {
    throw unreadable(error);
  }
  const clients = new Map<number, number>();
  for (const struct of structs) {
    if (struct.length < 1 || struct.length > longestChange) throw unreadable();
    if (struct instanceof Item) {
      const plain = struct.content instanceof ContentString || struct.content instanceof ContentDeleted;
      // Decoded but not yet merged, a parent is a name, an id, or null where the neighbours tell it.
      const parent = struct.parent as unknown;
      const inText = parent === null || parent === notesTextName;
      if (!plain || !inText || struct.parentSub !== null) throw unreadable();
    } else if (!(struct instanceof GC) && !(struct instanceof Skip)) throw unreadable();
    if (struct instanceof Skip) continue;
    const { client, clock } = struct.id;
    clients.set(client, Math.max(clients.get(client) ?? 0, clock + struct.length));
  }
  return clients;
}

/** One slot's notes in memory: what was applied, and what another copy lacks. Holds no client id of its own. */
export class NotesDocument {
  readonly #doc = new Doc();

  get text(): string {
    return this.#doc.getText(notesTextName).toString();
  }

  get stateVector(): Uint8Array {
    return encodeStateVector(this.#doc);
  }

  /** The first change of this copy (Yjs client id) that is not known here. */
  clockOf(client: number): number {
    return getState(this.#doc.store, client);
  }

  /** Everything, or what a copy with this state vector lacks. Error: `request.invalid`. */
  missing(stateVector?: Uint8Array): Uint8Array {
    try {
      return encodeStateAsUpdate(this.#doc, stateVector);
    } catch (cause) {
      throw new AppError('request.invalid', 'The state vector cannot be read.', { cause });
    }
  }

  /** Takes in what is stored already. */
  load(update: Uint8Array): void {
    applyUpdate(this.#doc, update);
  }

  /**
   * Merges a person's update and answers what it changed, null if nothing. After an error the document has to be
   * thrown away, for changes cannot be taken back. Errors: `notes.update`, `notes.full`.
   */
  merge(update: Uint8Array): Uint8Array | null {
    const before = this.#doc.getText(notesTextName).length;
    const changes: Uint8Array[] = [];
    const note = (change: Uint8Array) => void changes.push(change);
    this.#doc.on('update', note);
    try {
      applyUpdate(this.#doc, update);
    } catch (cause) {
      throw unreadable(cause);
    } finally {
      this.#doc.off('update', note);
    }
    // It builds on changes that nobody has stored.
    if (this.#doc.store.pendingStructs || this.#doc.store.pendingDs) throw unreadable();
    const [first] = changes;
    if (!first) return null;
    const after = this.#doc.getText(notesTextName).length;
    // Who shortens notes that are too long must be able to.
    if (after > notesMaxLength && after >= before) throw full();
    if (this.#doc.store.clients.size > mostCopies) throw full();
    return changes.length === 1 ? first : mergeUpdates(changes);
  }
}
