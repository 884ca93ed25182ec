import type { types } from 'mediasoup';
import type { HeardLeg } from './room-leg.ts';
import type { MediaHost } from './worker-pool.ts';

/**
 * A further worker on which a popular call can be heard. Each leg is piped there once, over loopback, however many
 * listen: for the first worker the whole annex costs as much as one more listener.
 */
export class Annex {
  readonly host: MediaHost;
  readonly #home: MediaHost;
  /** By the id of the leg's own producer. */
  readonly #piped = new Map<string, Promise<types.Producer>>();
  #closed = false;

  constructor(home: MediaHost, host: MediaHost) {
    this.#home = home;
    this.host = host;
  }

  /** Streams that come in here, which are as many that leave home for here. */
  get streams(): number {
    return this.#piped.size;
  }

  /**
   * The leg as it can be consumed here. Rejects as mediasoup does where the leg or a worker is gone meanwhile: then
   * there is nothing to be heard here any more.
   */
  reach(leg: HeardLeg): Promise<types.Producer> {
    const { id } = leg.producer;
    let piped = this.#piped.get(id);
    if (piped === undefined) {
      piped = this.#pipe(leg);
      this.#piped.set(id, piped);
      // Whoever asks next tries again.
      piped.catch(() => this.#piped.delete(id));
    }
    return piped;
  }

  /** Nobody hears the call here any more. */
  close(): void {
    this.#closed = true;
    for (const piped of this.#piped.values()) {
      piped.then(
        (producer) => producer.close(),
        () => undefined,
      );
    }
    this.#piped.clear();
  }

  async #pipe({ producer }: HeardLeg): Promise<types.Producer> {
    const { pipeProducer } = await this.#home.router.pipeToRouter({
      producerId: producer.id,
      router: this.host.router,
      // The same call may be piped here anew after this pipe has gone: an id that is taken would stand in its way.
      keepId: false,
      enableSctp: false,
    });
    if (pipeProducer === undefined) throw new Error('the leg was not piped');
    if (this.#closed) pipeProducer.close();
    pipeProducer.observer.once('close', () => this.#piped.delete(producer.id));
    return pipeProducer;
  }
}
