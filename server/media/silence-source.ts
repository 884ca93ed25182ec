import { randomInt } from 'node:crypto';
import type { types } from 'mediasoup';
import { G711_SILENCE } from '#kernel/rtp/g711.ts';
import { writeRtp } from '#kernel/rtp/packet.ts';
import { telephonyParameters } from './router-codecs.ts';
import type { MediaHost } from './worker-pool.ts';

/** As telephony sends: 20 ms of PCMU in a packet (RFC 3551 §4.2, §4.5.14). */
const packetMs = 20;
const samplesAPacket = 160;
/** After a standstill of this process no more than so many packets are made up for at once. */
const mostAtOnce = 5;

/** A stream of digital silence on one worker, as heavy as one leg of a telephone call. It is nobody's voice. */
export class SilenceSource {
  readonly producer: types.Producer;
  readonly #transport: types.DirectTransport;
  readonly #timer: NodeJS.Timeout;
  readonly #payload = Buffer.alloc(samplesAPacket, G711_SILENCE.PCMU);
  readonly #ssrc: number;
  #sent = 0;
  #startedAt = performance.now();

  private constructor(transport: types.DirectTransport, producer: types.Producer, ssrc: number) {
    this.#transport = transport;
    this.producer = producer;
    this.#ssrc = ssrc;
    this.#timer = setInterval(() => this.#send(), packetMs);
    this.#timer.unref();
    producer.observer.once('close', () => clearInterval(this.#timer));
  }

  static async open(host: MediaHost): Promise<SilenceSource> {
    const ssrc = randomInt(1, 2 ** 32 - 1);
    const transport = await host.router.createDirectTransport();
    try {
      const rtpParameters = telephonyParameters('PCMU', 0, ssrc);
      return new SilenceSource(transport, await transport.produce({ kind: 'audio', rtpParameters }), ssrc);
    } catch (error) {
      transport.close();
      throw error;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#transport.close();
  }

  /** By the clock and not by the timer's turns, so that fifty packets a second are what leaves here. */
  #send(): void {
    const due = Math.floor((performance.now() - this.#startedAt) / packetMs) - this.#sent;
    if (due > mostAtOnce) this.#startedAt += (due - mostAtOnce) * packetMs;
    for (let packet = Math.min(due, mostAtOnce); packet > 0; packet--) {
      const sequenceNumber = this.#sent & 0xffff;
      const timestamp = (this.#sent * samplesAPacket) >>> 0;
      this.producer.send(
        writeRtp({
          ...{ payloadType: 0, marker: this.#sent === 0, sequenceNumber, timestamp },
          ...{ ssrc: this.#ssrc, payload: this.#payload },
        }),
      );
      this.#sent += 1;
    }
  }
}
