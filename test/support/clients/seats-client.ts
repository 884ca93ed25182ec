import { randomUUID } from 'node:crypto';
import type { BodyOf, QueryOf, ResponseOf } from '#contract/endpoint.ts';
import { type Reservation, type Slot, seatsEndpoints } from '#contract/seats.ts';
import type { ApiClient } from './api-client.ts';

type Plan = BodyOf<typeof seatsEndpoints.plan>;

/** `manager.seats.reserve(slot)` */
export class SeatsClient {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  week(span: QueryOf<typeof seatsEndpoints.week>): Promise<ResponseOf<typeof seatsEndpoints.week>> {
    return this.#api.call(seatsEndpoints.week, { query: span });
  }

  show(slotId: string): Promise<Slot> {
    return this.#api.call(seatsEndpoints.show, { params: { id: slotId } });
  }

  plan(plan: Omit<Plan, 'idempotencyKey' | 'zone'> & Partial<Plan>): Promise<Slot> {
    return this.#api.call(seatsEndpoints.plan, {
      body: { zone: 'Asia/Shanghai', idempotencyKey: randomUUID(), ...plan },
    });
  }

  reserve(slot: Pick<Slot, 'id'>, idempotencyKey: string = randomUUID()): Promise<Reservation> {
    return this.#api.call(seatsEndpoints.reserve, { params: { id: slot.id }, body: { idempotencyKey } });
  }

  mine(): Promise<ResponseOf<typeof seatsEndpoints.mine>> {
    return this.#api.call(seatsEndpoints.mine);
  }

  cancel(reservation: Pick<Reservation, 'id'>): Promise<Reservation> {
    return this.#api.call(seatsEndpoints.cancel, { params: { id: reservation.id } });
  }

  checkIn(reservation: Pick<Reservation, 'id'>): Promise<Reservation> {
    return this.#api.call(seatsEndpoints.checkIn, { params: { id: reservation.id } });
  }
}
