import type { Person } from '#contract/identity.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import type { StoredCall } from '#domains/calls/calls.ts';
import { AppError } from '#kernel/errors.ts';
import { dispatch, nextFor } from './dispatch.ts';
import type { DispatchCall } from './dispatch-situation.ts';
import type { StoredSeat } from './follow.store.ts';
import { dispatchable, type FollowScope } from './follow.ts';
import type { FollowDesk, FollowDeskNeeds } from './follow-desk.ts';
import { dispatchableFromAfar, dispatchableSeat, type FollowSeat } from './follow-seat.ts';

/** An offer that was not taken up by then is passed: the page is gone or does not hear us. Milliseconds. */
const offerStandsMs = 10_000;
/** So long after a lost listening its call is kept for the one who may come back to it. Milliseconds. */
const comesBackMs = 10_000;
/** Whoever leaves so many offers in a row is not there. */
const unansweredAtMost = 3;
const renewEveryMs = 5_000;
/** How often seat and scope are looked at again; joining does so in any case. Milliseconds. */
const checkEveryMs = 10_000;
/** What happens at once is settled together: at a call's end all its listeners are free in the same moment. Milliseconds. */
const togetherMs = 50;
/** Chance differs by person, wait and call; which wait it is nobody can know before. */
const seed = 'listening';

export interface SettlingNeeds extends FollowDeskNeeds {
  readonly calls: Pick<CallsService, 'present' | 'liveStored'>;
  readonly personNow: (personId: string) => Promise<Person | null>;
  /** The seat looked at anew. Errors: those of the room. */
  readonly scopeNow: (person: Person, slotId: string) => Promise<FollowScope>;
}

/** Puts seats and calls before the dispatcher, and offers what it says. One run at a time. */
export class FollowSettling {
  readonly #needs: SettlingNeeds;
  readonly #desk: FollowDesk;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(needs: SettlingNeeds, desk: FollowDesk) {
    this.#needs = needs;
    this.#desk = desk;
  }

  /** Something happened: settles in a moment, together with what else happens. */
  soon(): void {
    if (this.#stopped || this.#desk.seats.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.run().catch((error: unknown) => this.#needs.log.warn({ err: error }, 'seats were not settled'));
    }, togetherMs);
  }

  /** What happens during a run is looked at by another one right after. */
  run(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#settle().finally(() => {
      this.#running = undefined;
      if (this.#again) this.soon();
      this.#again = false;
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running?.catch(() => undefined);
  }

  async #settle(): Promise<void> {
    const { calls, store, processId, clock } = this.#needs;
    const { seats } = this.#desk;
    this.#passTime(clock());
    if (seats.size === 0) return;
    const [live, picture] = await Promise.all([calls.liveStored(null), store.all(clock())]);
    this.#desk.know(live);
    const now = clock();
    const elsewhere = picture.filter((seat) => seat.process !== processId && !seats.has(seat.personId));
    const offered = this.#withEars(live, elsewhere);
    const { assignments, waiting } = dispatch({
      seats: [
        ...[...seats.values()].map((seat) => dispatchableSeat(seat, processId, now)),
        ...elsewhere.map(dispatchableFromAfar),
      ],
      calls: offered,
      now,
      seed,
    });
    for (const standing of waiting) {
      const seat = seats.get(standing.personId);
      if (seat) seat.standing = standing;
    }
    for (const assignment of assignments) {
      const seat = seats.get(assignment.personId);
      const call = this.#desk.known(assignment.callId);
      if (seat && call) this.#desk.offer(seat, assignment, call);
    }
    this.#lookAhead(offered, now);
    for (const seat of [...seats.values()]) {
      this.#desk.tell(seat);
      if (now - seat.renewedAt > renewEveryMs) this.#desk.renewSoon(seat);
      if (now - seat.checkedAt > checkEveryMs) await this.#check(seat);
    }
  }

  /** What time alone changes: offers nobody took, listeners who do not come back, slots that are over. */
  #passTime(now: number): void {
    for (const seat of [...this.#desk.seats.values()]) {
      if (now >= seat.slot.endsAt && seat.hears === null) {
        this.#desk.stop(seat, 'slot-over');
      } else if (seat.looseSince !== null && now - seat.looseSince > comesBackMs) {
        this.#desk.free(seat);
      } else if (seat.offer !== null && now - seat.offer.at > offerStandsMs) {
        seat.passed.push(seat.offer.callId);
        seat.offer = null;
        seat.unanswered += 1;
        if (seat.unanswered >= unansweredAtMost) this.#desk.stop(seat, 'no-answer');
      }
    }
  }

  /** Live calls with the ears they have: those who hear them, and those who are on their way or on their way back. */
  #withEars(live: readonly StoredCall[], elsewhere: readonly StoredSeat[]): DispatchCall[] {
    const ears = new Map<string, number>();
    const count = (callId: string | null) => {
      if (callId !== null) ears.set(callId, (ears.get(callId) ?? 0) + 1);
    };
    const { hearing, seats } = this.#desk;
    for (const { callId } of hearing.values()) count(callId);
    for (const seat of seats.values()) {
      if (!hearing.has(seat.person.id)) count(seat.offer?.callId ?? seat.hears);
    }
    for (const seat of elsewhere) count(seat.callId);
    return live.map((call) => dispatchable(call, ears.get(call.id) ?? 0));
  }

  /** The next call in view of those who hear one. */
  #lookAhead(offered: readonly DispatchCall[], now: number): void {
    for (const seat of this.#desk.seats.values()) {
      if (seat.hears === null || seat.mode === 'chosen') continue;
      const others = offered.filter(({ id }) => id !== seat.hears);
      const ahead = dispatchableSeat(seat, this.#needs.processId, now);
      const next = nextFor(ahead, { calls: others, now, seed });
      const call = next && this.#desk.known(next.callId);
      seat.next = next && call ? { call: this.#needs.calls.present(call), why: [...next.why] } : null;
    }
  }

  async #check(seat: FollowSeat): Promise<void> {
    seat.checkedAt = this.#needs.clock();
    try {
      const person = await this.#needs.personNow(seat.person.id);
      if (!person) throw new AppError('seat.required', 'Please check in to your seat first.');
      seat.scope = await this.#needs.scopeNow(person, seat.slot.id);
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      // Who hears the last call of their slot is looked after by the listening itself.
      if (error.code === 'slot.over' && seat.hears !== null) return;
      if (this.#desk.seats.get(seat.person.id) !== seat) return;
      this.#desk.stop(seat, error.code === 'slot.over' ? 'slot-over' : 'seat-lost');
    }
  }
}
