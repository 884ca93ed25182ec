import type { Device, types } from 'mediasoup-client';
import { listeningRequests } from '#contract/listening.ts';
import type { ConsumerOffer } from '#contract/media.ts';
import type { LegRole } from '#contract/primitives.ts';
import type { OutputOf } from '#contract/socket.ts';
import { mendTransport, plain } from '../../app/media-transport.ts';
import type { Realtime } from '../../app/realtime.ts';
import { LineMeter, type LineSample } from './line-quality.ts';
import type { VoiceMixer } from './voice-mixer.ts';

export type Joined = OutputOf<typeof listeningRequests.join>;

export interface PathWatcher {
  /** Packets can flow, for the first time or again. */
  onUp(): void;
  /** The way is broken and is being mended. */
  onBroken(): void;
  /** It must be built anew. */
  onLost(): void;
  onVoices(voices: readonly LegRole[]): void;
}

interface Heard {
  readonly consumer: types.Consumer;
  readonly legId: string;
  readonly role: LegRole;
}

/** One way from the call to the ears, from its join to its end. It has a transport to receive and nothing to send with. */
export class ListeningPath {
  readonly listeningId: string;
  readonly #realtime: Realtime;
  readonly #mixer: VoiceMixer;
  readonly #watcher: PathWatcher;
  readonly #transport: types.Transport;
  /** Asked for, so that an offer that comes twice is taken once. */
  readonly #asked = new Set<string>();
  readonly #heard = new Map<string, Heard>();
  readonly #meter = new LineMeter();
  readonly #stopMending: () => void;
  #up = false;
  #resumed = false;
  #closed = false;

  constructor(deps: {
    device: Device;
    realtime: Realtime;
    mixer: VoiceMixer;
    joined: Joined;
    watcher: PathWatcher;
  }) {
    const { realtime, watcher } = deps;
    const { listeningId } = deps.joined;
    this.listeningId = listeningId;
    this.#realtime = realtime;
    this.#mixer = deps.mixer;
    this.#watcher = watcher;
    this.#transport = deps.device.createRecvTransport(
      deps.joined.transport as unknown as types.TransportOptions,
    );
    this.#transport.on('connect', ({ dtlsParameters }, done, failed) => {
      realtime
        .request(listeningRequests.connect, { listeningId, dtlsParameters: plain(dtlsParameters) })
        .then(() => done(), failed);
    });
    this.#stopMending = mendTransport(this.#transport, {
      restartIce: async () => {
        const { iceParameters } = await realtime.request(listeningRequests.restartIce, { listeningId });
        return iceParameters as unknown as types.IceParameters;
      },
      onUp: () => {
        this.#up = true;
        this.#tellUp();
      },
      onBroken: () => {
        this.#up = false;
        watcher.onBroken();
      },
      onLost: () => watcher.onLost(),
    });
  }

  /** Takes the offered legs and lets them flow. Errors: those of `listening:connect` and `listening:resume`. */
  async hear(offers: readonly ConsumerOffer[]): Promise<void> {
    await Promise.all(offers.map((offer) => this.#consume(offer)));
    if (this.#closed) return;
    const { listeningId } = this;
    await this.#realtime.request(listeningRequests.resume, {
      listeningId,
      consumerIds: offers.map(({ id }) => id),
    });
    this.#resumed = true;
    this.#tellUp();
  }

  drop(consumerId: string): void {
    const held = this.#heard.get(consumerId);
    if (!held) return;
    this.#heard.delete(consumerId);
    held.consumer.close();
    this.#mixer.remove(held.legId);
    this.#tellVoices();
  }

  /** What was measured since the last look; null while nothing can be. */
  async sample(): Promise<LineSample | null> {
    if (this.#closed || !this.#up) return null;
    try {
      const report = await this.#transport.getStats();
      return this.#closed ? null : this.#meter.sample(report as unknown as ReadonlyMap<string, unknown>);
    } catch {
      // Closed between the question and the answer.
      return null;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopMending();
    this.#mixer.clear();
    this.#transport.close();
  }

  async #consume(offer: ConsumerOffer): Promise<void> {
    if (this.#closed || this.#asked.has(offer.id)) return;
    this.#asked.add(offer.id);
    const consumer = await this.#transport.consume({
      id: offer.id,
      producerId: offer.producerId,
      kind: 'audio',
      rtpParameters: offer.rtpParameters as unknown as types.RtpParameters,
    });
    if (this.#closed) return;
    this.#heard.set(offer.id, { consumer, legId: offer.legId, role: offer.role });
    this.#mixer.add(offer.legId, offer.role, consumer.track);
    this.#tellVoices();
  }

  #tellUp(): void {
    if (this.#up && this.#resumed && !this.#closed) this.#watcher.onUp();
  }

  #tellVoices(): void {
    this.#watcher.onVoices([...new Set([...this.#heard.values()].map(({ role }) => role))]);
  }
}
