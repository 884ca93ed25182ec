import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type OpenCallRequest, openCallRequest, type RtpLegAddress } from '#contract/calls.ts';
import { createLog } from '#kernel/log.ts';
import { createRtpIngress, type RtpIngress, type RtpLeg } from '#telephony/rtp-ingress.ts';

export interface OpenedCall {
  readonly id: string;
  readonly request: OpenCallRequest;
  readonly legs: readonly RtpLeg[];
  readonly holds: boolean[];
  state: 'live' | 'ended' | 'forgotten';
}

/** The first door as its contract has it, over the real RTP ingress: what the generator needs of a server. */
export class TelephonyDoor {
  readonly calls: OpenedCall[] = [];
  /** Requests that were not as the contract wants them. */
  readonly faults: string[] = [];
  /** While set every request is answered 503. */
  away = false;
  turnedAway = 0;
  readonly #key: string;
  readonly #server: Server;
  readonly #ingress: RtpIngress;

  constructor(key: string, portMin: number) {
    this.#key = key;
    this.#ingress = createRtpIngress({
      listenIp: '127.0.0.1',
      portMin,
      portMax: portMin + 99,
      log: createLog('test', 'silent'),
    });
    this.#server = createServer((request, response) => {
      this.#answer(request).then(
        ({ status, body }) => send(response, status, body),
        (thrown: unknown) => {
          this.faults.push(String(thrown));
          send(response, 500, failure('internal'));
        },
      );
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** As after a restart: every call is unknown, and nobody listens on its ports. */
  async forget(): Promise<void> {
    for (const call of this.calls) {
      if (call.state === 'live') call.state = 'forgotten';
      await Promise.all(call.legs.map((leg) => leg.close()));
    }
  }

  async close(): Promise<void> {
    await this.#ingress.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    let text = '';
    for await (const part of request) text += part;
    if (this.away) {
      this.turnedAway++;
      return { status: 503, body: failure('media.unavailable') };
    }
    if (request.headers.authorization !== `Bearer ${this.#key}`)
      return { status: 401, body: failure('telephony.key') };
    if (request.method === 'POST' && request.url === '/api/calls') return await this.#open(JSON.parse(text));
    const [, id, rest] = /^\/api\/calls\/([^/]+)(?:\/(.+))?$/.exec(request.url ?? '') ?? [];
    const call = this.calls.find((one) => one.id === id && one.state !== 'forgotten');
    if (!call) return { status: 404, body: failure('not-found') };
    if (request.method === 'PATCH' && rest?.startsWith('legs/')) call.holds.push(JSON.parse(text).hold);
    if (request.method === 'POST' && rest === 'end') call.state = 'ended';
    return { status: 200, body: this.#shown(call) };
  }

  async #open(body: unknown): Promise<{ status: number; body: unknown }> {
    const request = openCallRequest.parse(body);
    const id = `call_${this.calls.length}`;
    const legs: RtpLeg[] = [];
    const addresses: RtpLegAddress[] = [];
    for (const { role, codec, source } of request.legs) {
      const leg = await this.#ingress.openLeg({
        legId: `${id}_${role}`,
        codec,
        payloadType: { PCMU: 0, PCMA: 8, opus: 111 }[codec],
        telephoneEventPayloadType: 101,
        source,
        ssrc: 1,
        onArrival: () => {},
        onForward: () => {},
      });
      legs.push(leg);
      addresses.push({
        legId: leg.legId,
        role,
        codec,
        address: leg.address,
        port: leg.port,
        rtcpPort: leg.rtcpPort,
      });
    }
    this.calls.push({ id, request, legs, holds: [], state: 'live' });
    return { status: 201, body: { callId: id, externalId: request.externalId, legs: addresses } };
  }

  #shown({ id, request, state }: OpenedCall): unknown {
    return {
      id,
      lineId: request.lineId,
      state,
      origin: 'rtp',
      agentId: request.agentId ?? null,
      agentName: null,
      customerMasked: '*',
      facts: request.facts ?? {},
      legs: [],
      pause: null,
      openedAt: 0,
      startedAt: null,
      endedAt: null,
      endReason: null,
      listeners: 0,
      legStats: [],
    };
  }
}

const failure = (code: string) => ({ error: { code, message: 'The test says no.' } });

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
