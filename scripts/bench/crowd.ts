import { Audience, type Heard, type Joins } from './audience.ts';

/**
 * So many listeners share a process. Their WebRTC library waits for all of a process's sockets by one poll(2), whose
 * cost grows with their number, and one thread of JavaScript makes all of a process's joins.
 */
const together = 50;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** An {@link Audience} of hundreds, in several processes. Listeners are numbered through, from 0. */
export class Crowd {
  readonly #parts: readonly Audience[];

  constructor(count: number) {
    this.#parts = Array.from({ length: Math.ceil(count / together) }, () => new Audience());
  }

  get pids(): number[] {
    return this.#parts.map(({ pid }) => pid);
  }

  /** Signs `count` programme hosts in, `from` on, each with a socket in the slot's room: they need no seat. */
  async open({ count, from, ...at }: { url: string; slotId: string; from: number; count: number }) {
    await Promise.all(
      this.#shares(count).map(([part, share], place) =>
        part.open({ ...at, from: from + place * together, count: share }),
      ),
    );
  }

  /** Connects so many to the bare SFU. */
  async openBare(url: string, count: number): Promise<void> {
    await Promise.all(this.#shares(count).map(([part, share]) => part.openBare(url, share)));
  }

  /** These listeners join these calls, in turn; one after the other, or all in the same moment or within `withinMs`. */
  join(
    listeners: readonly number[],
    callIds: readonly string[],
    atOnce: boolean,
    withinMs = 0,
  ): Promise<Joins> {
    return this.#join(listeners, atOnce, (part, some, place) => {
      const turn = place % callIds.length;
      return part.join(some, [...callIds.slice(turn), ...callIds.slice(0, turn)], atOnce, withinMs);
    });
  }

  joinBare(listeners: readonly number[], atOnce: boolean): Promise<Joins> {
    return this.#join(listeners, atOnce, (part, some) => part.joinBare(some, atOnce));
  }

  async measure(seconds: number): Promise<Heard> {
    await this.begin();
    await pause(seconds * 1_000);
    return this.tell();
  }

  /** From now on counts what is heard, until `tell`. */
  async begin(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.begin()));
  }

  async tell(): Promise<Heard> {
    const parts = await Promise.all(this.#parts.map((part) => part.tell()));
    const sum = (of: (heard: Heard) => number) => parts.reduce((total, heard) => total + of(heard), 0);
    return {
      listeners: sum(({ listeners }) => listeners),
      packets: sum(({ packets }) => packets),
      lost: sum(({ lost }) => lost),
      missing: sum(({ missing }) => missing),
      travelledMs: parts.flatMap(({ travelledMs }) => travelledMs),
      directMs: parts.flatMap(({ directMs }) => directMs),
      wrong: sum(({ wrong }) => wrong),
      lookedAt: sum(({ lookedAt }) => lookedAt),
    };
  }

  /** All stop hearing and stay in the room. */
  async leave(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.leave()));
  }

  close(): void {
    for (const part of this.#parts) part.close();
  }

  /** The processes that sit so many, with how many each sits. */
  #shares(count: number): (readonly [Audience, number])[] {
    return this.#parts
      .map((part, place) => [part, Math.min(together, count - place * together)] as const)
      .filter(([, share]) => share > 0);
  }

  async #join(
    listeners: readonly number[],
    atOnce: boolean,
    join: (part: Audience, listeners: number[], place: number) => Promise<Joins>,
  ): Promise<Joins> {
    const answers: Joins[] = [];
    // Who comes one by one waits for those before, also for those in other processes.
    const groups = [...Map.groupBy(listeners, (listener) => Math.floor(listener / together))];
    let before = 0;
    const joining = groups.map(([part, some]) => {
      const place = before;
      before += some.length;
      const local = some.map((listener) => listener % together);
      return async () => void answers.push(await join(this.#parts[part]!, local, place));
    });
    if (atOnce) await Promise.all(joining.map((one) => one()));
    else for (const one of joining) await one();
    return joinsTogether(answers);
  }
}

export function joinsTogether(parts: readonly Joins[]): Joins {
  const refused: Record<string, number> = {};
  for (const part of parts) {
    for (const [code, count] of Object.entries(part.refused)) refused[code] = (refused[code] ?? 0) + count;
  }
  return { ms: parts.flatMap(({ ms }) => ms), refused };
}
