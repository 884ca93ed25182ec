import type { Person } from '#contract/identity.ts';
import type { Clock } from '#kernel/clock.ts';
import type { RosterStore } from './roster.store.ts';

export interface Presence {
  readonly person: Person;
  readonly slotId: string;
  readonly host: boolean;
}

/** Who of this process's sockets is in which room: a socket is in at most one. The roster tells the other processes. */
export class Presences {
  readonly #roster: RosterStore;
  readonly #clock: Clock;
  /** The call that a socket hears, if any. */
  readonly #heardBy: (socketId: string) => string | null;
  readonly #onChange: (slotId: string) => void;
  readonly #presences = new Map<string, Presence>();

  constructor(options: {
    roster: RosterStore;
    clock: Clock;
    heardBy: (socketId: string) => string | null;
    onChange: (slotId: string) => void;
  }) {
    this.#roster = options.roster;
    this.#clock = options.clock;
    this.#heardBy = options.heardBy;
    this.#onChange = options.onChange;
  }

  of(socketId: string): Presence | undefined {
    return this.#presences.get(socketId);
  }

  set(socketId: string, presence: Presence): void {
    this.#presences.set(socketId, presence);
  }

  async write(socketId: string): Promise<void> {
    const presence = this.#presences.get(socketId);
    if (!presence) return;
    const { person, slotId, host } = presence;
    const { id: personId, name, title } = person;
    const entry = { personId, name, title, host, callId: this.#heardBy(socketId) };
    await this.#roster.put(slotId, socketId, entry, this.#clock());
  }

  /** Writes it anew and tells the room. */
  async refresh(socketId: string): Promise<void> {
    const slotId = this.#presences.get(socketId)?.slotId;
    await this.write(socketId);
    if (slotId) this.#onChange(slotId);
  }

  async renew(): Promise<void> {
    // One way to Redis and back for all of them.
    await Promise.all([...this.#presences.keys()].map((socketId) => this.write(socketId)));
  }

  async remove(socketId: string): Promise<void> {
    const presence = this.#presences.get(socketId);
    if (!presence) return;
    this.#presences.delete(socketId);
    await this.#roster.remove(presence.slotId, socketId);
    this.#onChange(presence.slotId);
  }
}
