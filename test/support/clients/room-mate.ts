import { randomUUID } from 'node:crypto';
import { keptOutbox } from '#web/domains/rooms/kept-outbox.ts';
import { KeptUpdates, type Storage } from '#web/domains/rooms/kept-updates.ts';
import { RoomLink } from '#web/domains/rooms/room-link.ts';
import { SharedNotes } from '#web/domains/rooms/shared-notes.ts';
import { NodeRealtime } from './node-realtime.ts';
import type { PersonClient } from './person-client.ts';

/** A device's storage, in memory. */
export function memoryStorage(): Storage {
  const entries = new Map<string, string>();
  return {
    getItem: (name) => entries.get(name) ?? null,
    setItem: (name, value) => void entries.set(name, value),
    removeItem: (name) => void entries.delete(name),
    key: (index) => [...entries.keys()][index] ?? null,
    get length() {
      return entries.size;
    },
  };
}

/** Somebody in a slot's room, with the web's own notes and messages, but without a browser. */
export class RoomMate {
  readonly realtime: NodeRealtime;
  readonly notes: SharedNotes;
  readonly link: RoomLink;

  constructor(person: PersonClient, slotId: string, storage: Storage = memoryStorage()) {
    const personId = person.person.id;
    this.realtime = new NodeRealtime(person);
    const { realtime } = this;
    const kept = new KeptUpdates({ slotId, personId, windowId: randomUUID(), storage });
    this.notes = new SharedNotes({ realtime, slotId, personId, kept });
    this.link = new RoomLink({ realtime, slotId, personId, outbox: keptOutbox(slotId, personId, storage) });
  }

  get text(): string {
    return this.notes.text.toString();
  }

  /** Types at the end, or at a position. */
  write(words: string, at: number = this.notes.text.length): void {
    this.notes.text.insert(at, words);
  }

  get said(): (string | null)[] {
    return this.link.snapshot().messages.map(({ text }) => text);
  }

  get handsUp(): string[] {
    return this.link.snapshot().raised.hands.map(({ personId }) => personId);
  }

  /** Closes the window: nobody says goodbye. */
  vanish(): void {
    this.realtime.close();
    this.notes.close();
    void this.link.close();
  }

  /** Leaves the room. */
  async leave(): Promise<void> {
    this.notes.close();
    await this.link.close();
    this.realtime.close();
  }
}
