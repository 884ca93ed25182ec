import { z } from 'zod';
import { bookmark, bookmarkVisibility, markRequest, remedy } from '#contract/bookmarks.ts';

/** What a person may say of a moment. */
export const markWords = z.object({
  note: z.string(),
  visibility: bookmarkVisibility,
  remedy: remedy.nullable(),
});
export type MarkWords = z.infer<typeof markWords>;

/** A mark that the server does not have yet as its maker wants it. */
export const keptMark = z.object({
  /** The command's idempotency key; of a mark that the server had already, its id. */
  key: z.string(),
  callId: z.string(),
  offsetMs: z.number(),
  markedAt: z.number(),
  /** What is asked for first, the same each time it is sent; null when the server has the mark already. */
  request: markRequest.nullable(),
  /** As the server has it; null until it answered. */
  sent: bookmark.nullable(),
  wanted: markWords,
  /** What is being typed and was not saved yet; null when no note is open. */
  draft: z.string().nullable(),
  removed: z.boolean(),
  /** Why the server will never take it. */
  refused: z.string().nullable(),
});
export type KeptMark = z.infer<typeof keptMark>;

/** More unsent marks than these are kept for this visit only. */
const mostKept = 300;
const root = 'cloud-listening.mark.';
const prefixOf = (personId: string) => `${root}${personId}.`;

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** Unsent marks of one person on this machine, an item each: several windows do not overwrite each other. */
export class MarkStorage {
  readonly #storage: Storage | null;
  readonly #prefix: string;

  constructor(storage: Storage | null, personId: string) {
    this.#storage = storage;
    this.#prefix = prefixOf(personId);
  }

  /** What an earlier visit left, oldest first. */
  load(): KeptMark[] {
    const found = this.#keys().flatMap((key) => {
      try {
        return [keptMark.parse(JSON.parse(this.#storage?.getItem(key) ?? ''))];
      } catch {
        // Of another version, or not ours.
        return [];
      }
    });
    return found.sort((a, b) => a.markedAt - b.markedAt);
  }

  keep(mark: KeptMark): void {
    const key = this.#prefix + mark.key;
    try {
      if (this.#storage?.getItem(key) === null && this.#keys().length >= mostKept) return;
      this.#storage?.setItem(key, JSON.stringify(mark));
    } catch {
      // Full, or closed to us (private windows): it is kept for this visit.
    }
  }

  forget(key: string): void {
    try {
      this.#storage?.removeItem(this.#prefix + key);
    } catch {
      // As above.
    }
  }

  #keys(): string[] {
    const storage = this.#storage;
    if (!storage) return [];
    try {
      return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '').filter((key) =>
        key.startsWith(this.#prefix),
      );
    } catch {
      return [];
    }
  }
}

const visibilityKey = 'cloud-listening.mark-visibility';

/** Who saw the last mark of this person on this machine. */
export function keptVisibility(): MarkWords['visibility'] {
  try {
    return bookmarkVisibility.parse(localStorage.getItem(visibilityKey));
  } catch {
    return 'private';
  }
}

export function keepVisibility(visibility: MarkWords['visibility']): void {
  try {
    localStorage.setItem(visibilityKey, visibility);
  } catch {
    // Without storage the choice lasts for this visit.
  }
}
