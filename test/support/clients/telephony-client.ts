import { randomUUID } from 'node:crypto';
import { telephonyEndpoints } from '#contract/calls.ts';
import type { BodyOf, ResponseOf } from '#contract/endpoint.ts';
import { ApiClient } from './api-client.ts';

type Open = BodyOf<typeof telephonyEndpoints.open>;

/** The telephony side: opens and ends calls with its key. */
export class TelephonyClient {
  readonly #api: ApiClient;
  readonly #headers: Record<string, string>;

  constructor(url: string, key: string) {
    this.#api = new ApiClient(url);
    this.#headers = { authorization: `Bearer ${key}` };
  }

  /** A PCMU call with an agent and a customer unless told otherwise. */
  open(call: Partial<Open> & Pick<Open, 'lineId'>): Promise<ResponseOf<typeof telephonyEndpoints.open>> {
    const body: Open = {
      externalId: randomUUID(),
      legs: [
        { role: 'agent', codec: 'PCMU' },
        { role: 'customer', codec: 'PCMU' },
      ],
      ...call,
    };
    return this.#api.call(telephonyEndpoints.open, { body }, this.#headers);
  }

  addLeg(callId: string, leg: BodyOf<typeof telephonyEndpoints.addLeg>) {
    return this.#api.call(telephonyEndpoints.addLeg, { params: { id: callId }, body: leg }, this.#headers);
  }

  hold(callId: string, legId: string, hold: boolean) {
    return this.#api.call(
      telephonyEndpoints.updateLeg,
      { params: { id: callId, legId }, body: { hold } },
      this.#headers,
    );
  }

  pause(callId: string) {
    return this.#api.call(telephonyEndpoints.pause, { params: { id: callId } }, this.#headers);
  }

  resume(callId: string) {
    return this.#api.call(telephonyEndpoints.resume, { params: { id: callId } }, this.#headers);
  }

  show(callId: string): Promise<ResponseOf<typeof telephonyEndpoints.show>> {
    return this.#api.call(telephonyEndpoints.show, { params: { id: callId } }, this.#headers);
  }

  end(callId: string): Promise<ResponseOf<typeof telephonyEndpoints.end>> {
    return this.#api.call(telephonyEndpoints.end, { params: { id: callId } }, this.#headers);
  }
}
