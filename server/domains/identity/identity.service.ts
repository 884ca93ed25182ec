import type { Person } from '#contract/identity.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { gatheredById } from '#kernel/gathered.ts';
import { type Owned, type StoredPerson, withScope } from './identity.ts';

export interface PersonsStore {
  byIds(ids: readonly string[]): Promise<StoredPerson[]>;
  /** By id, at most `limit`. */
  all(limit: number): Promise<StoredPerson[]>;
  save(persons: readonly StoredPerson[]): Promise<void>;
}

/** What a person owns; the businesses domain knows. */
export type OwnerMap = (personId: string) => Promise<Owned>;

export interface IdentityOptions {
  readonly store: PersonsStore;
  readonly ownerMap: OwnerMap;
  readonly authMode: 'demo' | 'none';
  readonly clock: Clock;
}

/** People are asked for at every request: what is read is kept this long. Milliseconds. */
const keptMs = 3_000;
const keptAtMost = 5_000;
const personasAtMost = 100;
const everybodyAtMost = 5_000;

/** Who people are and what lies in their scope. */
export class Identity {
  readonly authMode: 'demo' | 'none';
  readonly #options: IdentityOptions;
  readonly #stored: (id: string) => Promise<StoredPerson | null>;
  readonly #kept = new Map<string, { at: number; person: Promise<Person | null> }>();

  constructor(options: IdentityOptions) {
    this.#options = options;
    this.authMode = options.authMode;
    this.#stored = gatheredById((ids) => options.store.byIds(ids));
  }

  /** The person with their scope, or null. */
  person(personId: string): Promise<Person | null> {
    const now = this.#options.clock();
    const kept = this.#kept.get(personId);
    if (kept && now - kept.at <= keptMs) return kept.person;
    const entry = { at: now, person: this.#read(personId) };
    entry.person.catch(() => {
      if (this.#kept.get(personId) === entry) this.#kept.delete(personId);
    });
    if (this.#kept.size >= keptAtMost) this.#kept.clear();
    this.#kept.set(personId, entry);
    return entry.person;
  }

  /** Those of the ids that exist, by id. For names beside other things: many at once, one query at most. */
  async persons(ids: Iterable<string>): Promise<Map<string, Person>> {
    const wanted = [...new Set(ids)];
    const now = this.#options.clock();
    const missing = wanted.filter((id) => {
      const kept = this.#kept.get(id);
      return !kept || now - kept.at > keptMs;
    });
    if (missing.length > 1) {
      const rows = this.#options.store.byIds(missing);
      for (const id of missing) {
        const person = rows.then((list) => this.#scoped(list.find((row) => row.id === id)));
        person.catch(() => this.#kept.delete(id));
        this.#kept.set(id, { at: now, person });
      }
    }
    const people = await Promise.all(wanted.map((id) => this.person(id)));
    return new Map(people.filter((person) => person !== null).map((person) => [person.id, person]));
  }

  /** Where a person's mail goes; null for somebody without an address. */
  async mailbox(personId: string): Promise<{ name: Person['name']; address: string } | null> {
    const [stored] = await this.#options.store.byIds([personId]);
    return stored?.email ? { name: stored.name, address: stored.email } : null;
  }

  /** Everybody there is, by id, with their scope: to choose from. */
  async everybody(): Promise<Person[]> {
    const stored = await this.#options.store.all(everybodyAtMost);
    return Promise.all(stored.map(async (one) => withScope(one, await this.#options.ownerMap(one.id))));
  }

  /** Demo sign-in: everyone in the company. Error `not-found` outside AUTH_MODE=demo. */
  async personas(): Promise<Person[]> {
    this.#requireDemo();
    const stored = await this.#options.store.all(personasAtMost);
    return Promise.all(stored.map(async (one) => withScope(one, await this.#options.ownerMap(one.id))));
  }

  /** Error `not-found`: no such persona, or not in AUTH_MODE=demo. */
  async persona(personaId: string): Promise<Person> {
    this.#requireDemo();
    const person = await this.person(personaId);
    if (!person) throw new AppError('not-found', 'There is no such persona.', { details: { personaId } });
    return person;
  }

  async save(persons: readonly StoredPerson[]): Promise<void> {
    await this.#options.store.save(persons);
    this.#kept.clear();
  }

  #requireDemo(): void {
    if (this.authMode !== 'demo') {
      throw new AppError('not-found', 'Personas exist only with AUTH_MODE=demo.');
    }
  }

  async #read(personId: string): Promise<Person | null> {
    return this.#scoped(await this.#stored(personId));
  }

  async #scoped(stored: StoredPerson | null | undefined): Promise<Person | null> {
    return stored ? withScope(stored, await this.#options.ownerMap(stored.id)) : null;
  }
}
