const prefix = 'cloud-listening.notes.';
/** What nobody came back for leaves this device. Milliseconds. */
const forgottenAfterMs = 14 * 24 * 3_600_000;
/** More than this of one window is not kept over a reload. Characters. */
const mostKept = 1_500_000;

interface Kept {
  readonly at: number;
  /** Base64. */
  readonly updates: readonly string[];
}

export type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** This browser's storage, or null where it is closed to us (private windows). */
export function browserStorage(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

/**
 * What a person wrote and the server has not acknowledged yet, kept on this device: it outlives a reload, a crash and a
 * closed window. Every window keeps its own; the next one that opens takes over what others left.
 */
export class KeptUpdates {
  readonly #storage: Storage | null;
  readonly #mine: string;
  readonly #shared: string;
  readonly #now: () => number;

  constructor(options: {
    slotId: string;
    personId: string;
    windowId: string;
    storage: Storage | null;
    now?: () => number;
  }) {
    this.#storage = options.storage;
    this.#shared = `${prefix}${options.slotId}.${options.personId}.`;
    this.#mine = this.#shared + options.windowId;
    this.#now = options.now ?? Date.now;
  }

  /** False if there is no room on this device, or too much to keep. */
  keep(updates: readonly Uint8Array[]): boolean {
    if (!this.#storage) return updates.length === 0;
    try {
      if (updates.length === 0) {
        this.#storage.removeItem(this.#mine);
        return true;
      }
      const kept: Kept = { at: this.#now(), updates: updates.map(toBase64) };
      const text = JSON.stringify(kept);
      if (text.length > mostKept) return false;
      this.#storage.setItem(this.#mine, text);
      return true;
    } catch {
      return false;
    }
  }

  /** What earlier windows of this person left of these notes. It stays until `forget` is told so. */
  leftovers(): { updates: Uint8Array[]; forget: () => void } {
    const names = this.#names().filter((name) => name.startsWith(this.#shared) && name !== this.#mine);
    return {
      updates: names.flatMap((name) => this.#read(name)?.updates.flatMap(fromBase64) ?? []),
      forget: () => {
        for (const name of names) this.#storage?.removeItem(name);
      },
    };
  }

  /** Removes what was left for too long, of whichever slot and person. */
  tidy(): void {
    for (const name of this.#names()) {
      const kept = this.#read(name);
      if (!kept || this.#now() - kept.at > forgottenAfterMs) this.#storage?.removeItem(name);
    }
  }

  #names(): string[] {
    const storage = this.#storage;
    if (!storage) return [];
    return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '').filter((name) =>
      name.startsWith(prefix),
    );
  }

  #read(name: string): Kept | null {
    try {
      const kept = JSON.parse(this.#storage?.getItem(name) ?? 'null') as Kept | null;
      return kept && Array.isArray(kept.updates) && typeof kept.at === 'number' ? kept : null;
    } catch {
      return null;
    }
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array[] {
  try {
    return [Uint8Array.from(atob(text), (character) => character.charCodeAt(0))];
  } catch {
    return [];
  }
}
