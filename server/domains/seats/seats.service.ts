import { createHash } from 'node:crypto';
import type { Ear, Person } from '#contract/identity.ts';
import type { Reservation, Slot } from '#contract/seats.ts';
import type { Businesses } from '#domains/businesses/businesses.service.ts';
import type { Identity } from '#domains/identity/identity.service.ts';
import { requireAbility } from '#domains/identity/require-ability.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { Repeated, SeatsStore } from './seats.ports.ts';
import {
  type Command,
  commands,
  decide,
  faultOfWindow,
  isSeated,
  longestSpanMs,
  type PlannedSlot,
  seatsToTry,
  settleAfterMs,
} from './seats.ts';

export type SeatsEvents = {
  /** Seats of a slot were taken or given back, or the slot is new. */
  'slot-changed': { slot: PlannedSlot };
  /** A person gave back a seat: what they hear from it must end. */
  'seat-released': { slotId: string; personId: string; reservationId: string };
};

export interface SeatsOptions {
  readonly store: SeatsStore;
  readonly identity: Identity;
  readonly businesses: Businesses;
  readonly events: TypedEvents<SeatsEvents>;
  readonly clock: Clock;
}

export interface PlanRequest {
  readonly lineId: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly zone: string;
  readonly seats: number;
  readonly ear?: Ear | undefined;
  readonly idempotencyKey: string;
}

/** How often a full-looking slot is looked at again for a seat that was given back meanwhile. */
const rounds = 3;

/** Slots, and people's claims on their seats. */
export class Seats {
  readonly #options: SeatsOptions;
  readonly #store: SeatsStore;

  constructor(options: SeatsOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  /** Errors: `request.invalid`, `not-found` (line), `slot.overlap`, `idempotency.reused`. */
  async plan(person: Person, request: PlanRequest): Promise<Slot> {
    const { idempotencyKey, ...window } = request;
    requireAbility(person, 'slots.plan', { lineId: request.lineId });
    const requestHash = hashOf('plan', window);
    const before = await this.#store.slotByKey(person.id, idempotencyKey);
    if (before) return this.#present(person, sameRequest(before, requestHash));

    const fault = faultOfWindow(window, this.#options.clock());
    if (fault) {
      throw new AppError(
        'request.invalid',
        `The request is not valid: body.${fault.field}: ${fault.message}.`,
        {
          details: { fields: [{ path: `body.${fault.field}`, message: fault.message }] },
        },
      );
    }
    await this.#options.businesses.line(request.lineId);
    const slot: PlannedSlot = { id: newId('slot'), ...window, mode: 'listen', hostId: person.id };
    const outcome = await this.#store.insertSlot({
      ...slot,
      plannedBy: person.id,
      idempotencyKey,
      requestHash,
    });
    if (outcome === 'overlaps' || outcome === 'key-used') {
      // The same request, sent twice at once, overlaps itself: the first one's slot is the answer.
      const twin = await this.#store.slotByKey(person.id, idempotencyKey);
      if (twin) return this.#present(person, sameRequest(twin, requestHash));
      throw new AppError('slot.overlap', 'Another slot of this line is planned in that time.');
    }
    this.#options.events.emit('slot-changed', { slot });
    return this.#present(person, slot);
  }

  /** Slots that touch the span, within scope. Errors: `request.invalid`, `scope.denied`. */
  async week(
    person: Person,
    query: { from: number; to: number; lineId?: string | undefined },
  ): Promise<Slot[]> {
    const { from, to, lineId } = query;
    requireAbility(person, 'slots.read', lineId === undefined ? {} : { lineId });
    if (to <= from || to - from > longestSpanMs) {
      const message = 'must be after `from`, by at most 35 days';
      throw new AppError('request.invalid', `The request is not valid: query.to: ${message}.`, {
        details: { fields: [{ path: 'query.to', message }] },
      });
    }
    const lines = await this.#options.businesses.linesFor(person);
    const lineIds = lines.map((line) => line.id).filter((id) => lineId === undefined || id === lineId);
    const span = { from, to, lineIds };
    const [slots, taken, held] = await Promise.all([
      this.#store.slotsBetween(span),
      this.#store.takenBetween(span),
      this.#store.heldBetween(person.id, from, to),
    ]);
    const mine = new Map(held.map((reservation) => [reservation.slotId, reservation]));
    const hosts = await this.#hostsOf(slots);
    return slots.map((slot) => toSlot(slot, taken.get(slot.id) ?? 0, mine.get(slot.id) ?? null, hosts));
  }

  /** The slot as this person sees it. Errors: `not-found`, `scope.denied`. */
  async show(person: Person, slotId: string): Promise<Slot> {
    return this.#present(person, await this.#inReach(person, 'slots.read', slotId));
  }

  /** One seat for oneself. Errors: `not-found`, `slot.full`, `slot.over`, `reservation.exists`, `idempotency.reused`. */
  async reserve(person: Person, slotId: string, idempotencyKey: string): Promise<Reservation> {
    const requestHash = hashOf('reserve', { slotId });
    const before = await this.#store.reservationByKey(person.id, idempotencyKey);
    if (before) return sameRequest(before, requestHash);
    const slot = await this.#inReach(person, 'reservations.make', slotId);
    const now = this.#options.clock();
    if (now >= slot.endsAt) throw new AppError('slot.over', 'This slot is over.');

    for (let round = 0; round < rounds; round++) {
      const free = seatsToTry(slot.seats, await this.#store.seatsTaken(slotId), person.id);
      if (free.length === 0) break;
      for (const seat of free) {
        const reservation: Reservation = {
          id: newId('rsv'),
          slotId,
          personId: person.id,
          seat,
          state: 'confirmed',
          reservedAt: now,
          checkedInAt: null,
          cancelledAt: null,
        };
        const outcome = await this.#store.insertReservation(
          { ...reservation, idempotencyKey, requestHash },
          slot,
        );
        if (outcome === 'stored') {
          this.#options.events.emit('slot-changed', { slot });
          return reservation;
        }
        if (outcome !== 'seat-taken') return this.#alreadyMade(person, idempotencyKey, requestHash);
      }
    }
    if (await this.#store.holding(person.id, slotId)) {
      return this.#alreadyMade(person, idempotencyKey, requestHash);
    }
    throw new AppError('slot.full', 'All seats of this slot are taken.');
  }

  /** Where and when these slots are, whoever asks: for what is kept of them. */
  async slots(ids: readonly string[]) {
    const slots = await this.#store.slotsByIds(ids);
    return slots.map(({ id, lineId, startsAt, endsAt }) => ({ id, lineId, startsAt, endsAt }));
  }

  /** My reservations whose slot is not over, soonest first, each with its slot. */
  async mine(person: Person): Promise<(Reservation & { slot: Slot })[]> {
    const now = this.#options.clock();
    const held = await this.#store.heldBetween(person.id, now, Number.MAX_SAFE_INTEGER);
    const slots = await this.#store.slotsByIds(held.map((reservation) => reservation.slotId));
    if (slots.length === 0) return [];
    const taken = await this.#store.takenBetween({
      from: Math.min(...slots.map((slot) => slot.startsAt)),
      to: Math.max(...slots.map((slot) => slot.endsAt)),
      lineIds: [...new Set(slots.map((slot) => slot.lineId))],
    });
    const hosts = await this.#hostsOf(slots);
    const byId = new Map(slots.map((slot) => [slot.id, slot]));
    return held.flatMap((reservation) => {
      const slot = byId.get(reservation.slotId);
      if (!slot) return [];
      return [{ ...reservation, slot: toSlot(slot, taken.get(slot.id) ?? 0, reservation, hosts) }];
    });
  }

  /** Errors: `not-found`, `reservation.state`. */
  async cancel(person: Person, reservationId: string): Promise<Reservation> {
    const moved = await this.#move(person, reservationId, 'cancel');
    if (moved.changed) {
      this.#options.events.emit('seat-released', {
        slotId: moved.slot.id,
        personId: person.id,
        reservationId,
      });
      this.#options.events.emit('slot-changed', { slot: moved.slot });
    }
    return moved.reservation;
  }

  /** Errors: `not-found`, `reservation.state`, `check-in.early`, `check-in.late`. */
  async checkIn(person: Person, reservationId: string): Promise<Reservation> {
    return (await this.#move(person, reservationId, 'checkIn')).reservation;
  }

  /** The planned slot as it is, without asking who wants to know. */
  slot(slotId: string): Promise<PlannedSlot | null> {
    return this.#store.slot(slotId);
  }

  /** The person's checked-in seat, from when check-in opens until the slot ends; null if they have none. */
  async checkedIn(personId: string, slotId: string, now: number): Promise<Reservation | null> {
    const [reservation, slot] = await Promise.all([
      this.#store.holding(personId, slotId),
      this.#store.slot(slotId),
    ]);
    return reservation && slot && isSeated(reservation, slot, now) ? reservation : null;
  }

  /** How many seats of the slot are taken now. */
  async taken(slotId: string): Promise<number> {
    return (await this.#store.seatsTaken(slotId)).size;
  }

  /** After slots are over: who had checked in has attended, who had not has not come. Safe on every instance at once. */
  async settle(): Promise<{ attended: number; missed: number }> {
    const endedBefore = this.#options.clock() - settleAfterMs;
    const { attend, miss } = commands;
    const [attended, missed] = await Promise.all([
      this.#store.moveEnded(endedBefore, attend.from, attend.to),
      this.#store.moveEnded(endedBefore, miss.from, miss.to),
    ]);
    return { attended, missed };
  }

  async #move(person: Person, reservationId: string, command: Command) {
    // Read, decide, compare-and-set; who lost the race to another command decides anew on what is there now.
    for (let attempt = 0; attempt < 3; attempt++) {
      const reservation = await this.#store.reservation(person.id, reservationId);
      const slot = reservation && (await this.#store.slot(reservation.slotId));
      if (!reservation || !slot) throw new AppError('not-found', 'There is no such reservation of yours.');
      const now = this.#options.clock();
      if (decide(command, reservation.state, slot, now) === 'done') {
        return { reservation, slot, changed: false };
      }
      const times =
        command === 'checkIn' ? { checkedInAt: now } : command === 'cancel' ? { cancelledAt: now } : {};
      const moved = await this.#store.move(reservation.id, [reservation.state], commands[command].to, times);
      if (moved) return { reservation: moved, slot, changed: true };
    }
    throw new AppError('reservation.state', 'The reservation is being changed elsewhere. Please try again.');
  }

  async #inReach(
    person: Person,
    action: 'slots.read' | 'reservations.make',
    slotId: string,
  ): Promise<PlannedSlot> {
    requireAbility(person, action);
    const slot = await this.#store.slot(slotId);
    if (!slot) throw new AppError('not-found', 'There is no such slot.');
    requireAbility(person, action, { lineId: slot.lineId });
    return slot;
  }

  /** This person's request met an earlier one: the same one sent twice gets its answer, another one is refused. */
  async #alreadyMade(person: Person, idempotencyKey: string, requestHash: string): Promise<Reservation> {
    const twin = await this.#store.reservationByKey(person.id, idempotencyKey);
    if (twin) return sameRequest(twin, requestHash);
    throw new AppError('reservation.exists', 'You already have a seat in this slot.');
  }

  async #present(person: Person, slot: PlannedSlot): Promise<Slot> {
    const [taken, mine, hosts] = await Promise.all([
      this.taken(slot.id),
      this.#store.holding(person.id, slot.id),
      this.#hostsOf([slot]),
    ]);
    return toSlot(slot, taken, mine, hosts);
  }

  #hostsOf(slots: readonly PlannedSlot[]): Promise<Map<string, Person>> {
    return this.#options.identity.persons(slots.flatMap(({ hostId }) => (hostId === null ? [] : [hostId])));
  }
}

function toSlot(
  slot: PlannedSlot,
  taken: number,
  mine: Reservation | null,
  hosts: ReadonlyMap<string, Person>,
): Slot {
  const hostName = slot.hostId === null ? null : (hosts.get(slot.hostId)?.name ?? null);
  return { ...slot, taken, mine, hostName };
}

function sameRequest<T>(before: Repeated<T>, requestHash: string): T {
  if (before.requestHash === requestHash) return before.value;
  throw new AppError('idempotency.reused', 'This key was used for another request.');
}

function hashOf(command: string, body: Record<string, unknown>): string {
  const parts = Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([command, parts]))
    .digest('base64url');
}
