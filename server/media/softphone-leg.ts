import type { types } from 'mediasoup';
import type { LegRole } from '#contract/primitives.ts';
import type { RtpLegStats } from '#domains/calls/calls.ports.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { TapCall, TapLeg } from './media.ports.ts';
import { mediaFault } from './media-faults.ts';
import type { ReceivePath } from './receive-path.ts';
import type { RoomLeg } from './room-leg.ts';
import { codecFacts } from './router-codecs.ts';
import { SequenceTally } from './sequence-tally.ts';
import type { MediaHost } from './worker-pool.ts';

/** The present connection of one side: the page that is open now. */
export interface SoftphoneSide {
  readonly host: MediaHost;
  readonly sendTransport: types.WebRtcTransport;
  readonly receive: ReceivePath;
  /** Another page took the side, or nobody has it any more. */
  left(): void;
}

export interface SoftphoneLegOptions {
  readonly legId: string;
  readonly role: LegRole;
  readonly tapCall: TapCall;
  readonly clock: Clock;
  readonly onHeard: (legId: string, at: number) => void;
}

/** A leg that comes from a browser's microphone, always Opus. It stays while pages come and go. */
export class SoftphoneLeg implements RoomLeg {
  readonly legId: string;
  readonly role: LegRole;
  readonly #options: SoftphoneLegOptions;
  readonly #tally = new SequenceTally();
  #tapLeg: TapLeg | undefined;
  #side: SoftphoneSide | undefined;
  #producer: types.Producer | undefined;
  #heard = false;
  #forwarded = 0;
  #streams = 0;
  #paused = false;
  #closed = false;
  held = false;
  expectedSince: number | null = null;
  lastPacketAt: number | null = null;

  constructor(options: SoftphoneLegOptions) {
    this.legId = options.legId;
    this.role = options.role;
    this.#options = options;
  }

  get side(): SoftphoneSide | undefined {
    return this.#side;
  }

  get producer(): types.Producer | undefined {
    return this.#producer;
  }

  /** The page that takes this side now. The one before it is cut off. */
  take(side: SoftphoneSide): void {
    this.leave();
    this.#side = side;
  }

  /** The page is gone; the leg waits for another. */
  leave(): void {
    const side = this.#side;
    this.detach();
    if (side === undefined) return;
    side.left();
    // Closing the transport closes the producer, and that closes what others consume of it.
    side.sendTransport.close();
    void side.receive.close();
  }

  detach(): void {
    this.#side = undefined;
    this.#producer = undefined;
  }

  /**
   * Takes the microphone. The producer starts paused and runs only when the tap has it: the first packet that anybody
   * hears is also recorded. Error: `media.parameters` for anything but one Opus stream.
   */
  async produce(rtpParameters: Record<string, unknown>): Promise<types.Producer> {
    const side = this.#side;
    if (side === undefined) throw new AppError('media.parameters', 'Join the call before you speak.');
    const parameters = rtpParameters as unknown as types.RtpParameters;
    assertOneOpusStream(parameters);
    this.#producer?.close();
    this.#producer = undefined;
    let producer: types.Producer | undefined;
    try {
      producer = await side.sendTransport.produce({ kind: 'audio', rtpParameters: parameters, paused: true });
      await this.#tap(side.host, producer);
      if (this.#side !== side) throw new AppError('media.parameters', 'This side was taken by another page.');
      // From here on a hold finds the producer; its pause is queued behind this resume.
      this.#producer = producer;
      this.expectedSince = this.#options.clock();
      if (!this.held) await producer.resume();
      return producer;
    } catch (error) {
      producer?.close();
      if (this.#producer === producer) this.#producer = undefined;
      throw mediaFault(error, 'media.parameters', 'This audio stream cannot be taken.');
    }
  }

  hold(on: boolean): void {
    if (this.held === on || this.#closed) return;
    const now = this.#options.clock();
    this.held = on;
    if (!on && this.expectedSince !== null) this.expectedSince = now;
    this.#tapLeg?.hold(on, now);
    const producer = this.#producer;
    if (producer === undefined) return;
    // The flag already keeps packets from the tap; a worker that dies here takes the producer with it.
    void (on ? producer.pause() : producer.resume()).catch(() => undefined);
  }

  /** The producer runs on: the other side hears this one. */
  pause(on: boolean): void {
    this.#paused = on;
  }

  stats(): RtpLegStats {
    const { received, lost } = this.#tally;
    return {
      legId: this.legId,
      received,
      forwarded: this.#forwarded,
      lost,
      late: 0,
      refused: 0,
      ssrcChanges: Math.max(0, this.#streams - 1),
      lastPacketAt: this.lastPacketAt,
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.leave();
    this.#tapLeg?.end(this.#options.clock());
  }

  async #tap(host: MediaHost, producer: types.Producer): Promise<void> {
    const consumer = await host.tapTransport.consume({
      producerId: producer.id,
      rtpCapabilities: host.router.rtpCapabilities,
      paused: false,
    });
    if (this.#tapLeg === undefined) {
      const { clockRate, channels } = codecFacts('opus');
      const payloadType = consumer.rtpParameters.codecs[0]?.payloadType ?? 111;
      const { legId, role } = this;
      this.#tapLeg = this.#options.tapCall.addLeg({
        legId,
        role,
        codec: 'opus',
        payloadType,
        clockRate,
        channels,
      });
      if (this.held) this.#tapLeg.hold(true, this.#options.clock());
    }
    this.#streams += 1;
    this.#tally.restart();
    consumer.on('rtp', (packet) => this.#onPacket(packet));
  }

  #onPacket(packet: Buffer): void {
    if (this.#closed) return;
    const now = this.#options.clock();
    this.lastPacketAt = now;
    this.#tally.add(packet.readUInt16BE(2));
    // A hold takes a moment to reach the worker; what still comes is counted, and goes nowhere.
    if (this.held || this.#paused) return;
    this.#forwarded += 1;
    this.#tapLeg?.packet(packet, now);
    if (this.#heard) return;
    this.#heard = true;
    this.#options.onHeard(this.legId, now);
  }
}

function assertOneOpusStream(parameters: types.RtpParameters): void {
  const [codec, second] = parameters.codecs;
  if (codec?.mimeType.toLowerCase() !== 'audio/opus' || second !== undefined) {
    throw new AppError('media.parameters', 'A softphone sends one stream of Opus.');
  }
}
