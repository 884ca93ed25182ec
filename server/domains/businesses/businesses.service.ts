import { may } from '#contract/abilities.ts';
import type { Business, Line, LineNotice, Scenario } from '#contract/businesses.ts';
import type { Person } from '#contract/identity.ts';
import { requireAbility } from '#domains/identity/require-ability.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { type Company, faultsOf, ownedBy } from './businesses.ts';

export interface BusinessesStore {
  load(): Promise<Company>;
  /** Adds and replaces by id; removes nothing, and leaves the notice of a line that is there. */
  save(company: Company): Promise<void>;
  /** False when there is no such line. */
  setNotice(lineId: string, notice: LineNotice): Promise<boolean>;
}

/** The company changes rarely and is asked for at every request: what is read is kept this long. Milliseconds. */
const keptMs = 5_000;

/** The business tree, its owner map, the lines and the scenarios. */
export class Businesses {
  readonly #store: BusinessesStore;
  readonly #clock: Clock;
  #company: { at: number; value: Promise<Company> } | undefined;

  constructor(store: BusinessesStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async tree(): Promise<readonly Business[]> {
    return (await this.company()).businesses;
  }

  /** Lines whose calls or slots the person may see, in a stable order. */
  async linesFor(person: Person): Promise<readonly Line[]> {
    const { lines } = await this.company();
    const seen = (['slots.read', 'calls.read'] as const).map((action) => may(person, action));
    if (seen.some((decision) => decision.allowed && decision.scope === 'all')) return lines;
    if (!seen.some((decision) => decision.allowed)) return [];
    return lines.filter((line) => person.lineIds.includes(line.id));
  }

  /** Error `not-found`. */
  async line(lineId: string): Promise<Line> {
    const line = (await this.company()).lines.find(({ id }) => id === lineId);
    if (!line) throw new AppError('not-found', 'There is no such line.', { details: { lineId } });
    return line;
  }

  async scenarios(): Promise<readonly Scenario[]> {
    return (await this.company()).scenarios;
  }

  /** When the line's agents are told of their listeners. Errors: `not-found`, `ability.denied`. */
  async setNotice(person: Person, lineId: string, notice: LineNotice): Promise<Line> {
    requireAbility(person, 'lines.manage', { lineId });
    const line = await this.line(lineId);
    await this.#store.setNotice(lineId, notice);
    this.#company = undefined;
    return { ...line, notice };
  }

  /** What the owner map gives a person. */
  async ownedBy(personId: string): Promise<{ businessIds: string[]; lineIds: string[] }> {
    return ownedBy(await this.company(), personId);
  }

  /** Throws a plain error naming every fault in the data; nothing is stored then. */
  async save(company: Company): Promise<void> {
    const faults = faultsOf(company);
    if (faults.length > 0) throw new Error(`the company is not consistent: ${faults.join('; ')}`);
    await this.#store.save(company);
    this.#company = undefined;
  }

  company(): Promise<Company> {
    const now = this.#clock();
    if (!this.#company || now - this.#company.at > keptMs) {
      const entry = { at: now, value: this.#store.load() };
      // A failed read is not kept: the next one tries again.
      entry.value.catch(() => {
        if (this.#company === entry) this.#company = undefined;
      });
      this.#company = entry;
    }
    return this.#company.value;
  }
}
