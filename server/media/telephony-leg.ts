import type { types } from 'mediasoup';
import type { RtpLegSpec, RtpLegStats } from '#domains/calls/calls.ports.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Intake } from './intake.ts';
import type { RtpIngressLeg, TapCall, TapLeg, TelephonyIngress } from './media.ports.ts';
import type { RoomLeg } from './room-leg.ts';
import { codecFacts, telephonyParameters } from './router-codecs.ts';

export interface TelephonyLegOptions {
  readonly spec: RtpLegSpec;
  /** Unique within the call. */
  readonly ssrc: number;
  readonly ingress: TelephonyIngress;
  readonly tapCall: TapCall;
  readonly clock: Clock;
  /** The first packet. `at`: UTC ms. */
  readonly onHeard: (legId: string, at: number) => void;
}

/**
 * A leg that comes as RTP. The network ends at its ingress: from there the packets go to whichever SFU worker carries
 * the call now, and as they came to the tap.
 */
export class TelephonyLeg implements RoomLeg {
  readonly #options: TelephonyLegOptions;
  readonly #tapLeg: TapLeg;
  #ingress!: RtpIngressLeg;
  #intake: Intake | undefined;
  #attaching: Promise<void> | undefined;
  #producer: types.Producer | undefined;
  #heard = false;
  #closed = false;
  #ended = false;
  #paused = false;
  #lastArrivalAt: number | null = null;
  held = false;
  expectedSince: number;

  private constructor(options: TelephonyLegOptions) {
    this.#options = options;
    this.expectedSince = options.clock();
    const { legId, role, codec, payloadType } = options.spec;
    const { clockRate, channels } = codecFacts(codec);
    this.#tapLeg = options.tapCall.addLeg({ legId, role, codec, payloadType, clockRate, channels });
  }

  /** Opens the leg's door to the network. Errors: those of the ingress (`media.full`: no port left). */
  static async open(options: TelephonyLegOptions): Promise<TelephonyLeg> {
    const leg = new TelephonyLeg(options);
    const { legId, codec, payloadType, telephoneEventPayloadType, source } = options.spec;
    try {
      leg.#ingress = await options.ingress.openLeg({
        legId,
        codec,
        payloadType,
        telephoneEventPayloadType,
        source,
        ssrc: options.ssrc,
        onArrival: (packet, arrivalMs) => leg.#onArrival(packet, arrivalMs),
      });
    } catch (error) {
      leg.#tapLeg.end(options.clock());
      throw error;
    }
    return leg;
  }

  get legId(): string {
    return this.#options.spec.legId;
  }

  get role() {
    return this.#options.spec.role;
  }

  get producer(): types.Producer | undefined {
    return this.#producer;
  }

  /** While paused only the ingress sees packets come. */
  get lastPacketAt(): number | null {
    return this.#paused ? this.#ingress.stats().lastPacketAt : this.#lastArrivalAt;
  }

  get address(): { address: string; port: number; rtcpPort: number } {
    const { address, port, rtcpPort } = this.#ingress;
    return { address, port, rtcpPort };
  }

  /** Lets the worker behind this intake have the leg. Asking again for the same intake waits for the first asking. */
  attach(intake: Intake): Promise<void> {
    if (this.#intake === intake && this.#attaching) return this.#attaching;
    this.#intake = intake;
    this.#attaching = this.#produce(intake);
    return this.#attaching;
  }

  detach(): void {
    this.#ingress.forwardTo(undefined);
    this.#intake = undefined;
    this.#attaching = undefined;
    this.#producer = undefined;
  }

  hold(on: boolean): void {
    if (this.held === on || this.#closed) return;
    const now = this.#options.clock();
    // First of all: what came before is handed over by it.
    this.#ingress.hold(on || this.#paused);
    this.held = on;
    if (!on) this.expectedSince = now;
    this.#tapLeg.hold(on, now);
  }

  pause(on: boolean): void {
    if (this.#paused === on || this.#closed) return;
    if (!on) this.#lastArrivalAt = this.lastPacketAt;
    this.#ingress.hold(on || this.held);
    this.#paused = on;
  }

  /** Packets reach neither listeners nor recorder. */
  get #shut(): boolean {
    return this.held || this.#paused;
  }

  stats(): RtpLegStats {
    const { received, forwarded, lost, late, refused, ssrcChanges, lastPacketAt } = this.#ingress.stats();
    return { legId: this.legId, received, forwarded, lost, late, refused, ssrcChanges, lastPacketAt };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#producer?.close();
    // The last packets come with it.
    await this.#ingress.close();
    this.#ended = true;
    this.#tapLeg.end(this.#options.clock());
  }

  async #produce(intake: Intake): Promise<void> {
    const { codec, payloadType } = this.#options.spec;
    const producer = await intake.transport.produce({
      kind: 'audio',
      rtpParameters: telephonyParameters(codec, payloadType, this.#options.ssrc),
    });
    if (this.#closed || this.#intake !== intake) producer.close();
    else {
      this.#producer = producer;
      this.#ingress.forwardTo(intake.port);
    }
  }

  #onArrival(packet: Buffer, arrivalMs: number): void {
    if (this.#ended) return;
    this.#lastArrivalAt = arrivalMs;
    // What is on hold or paused is stored nowhere, whatever the ingress does with it.
    if (this.#shut) return;
    this.#tapLeg.packet(packet, arrivalMs);
    if (this.#heard) return;
    this.#heard = true;
    this.#options.onHeard(this.legId, arrivalMs);
  }
}
