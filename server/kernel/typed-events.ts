import { EventEmitter } from 'node:events';

/** A typed event stream inside one process. Listeners that throw are reported, never stop the sender. */
export class TypedEvents<E extends Record<string, unknown>> {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #onFault: (event: keyof E, fault: unknown) => void;

  constructor(onFault: (event: keyof E, fault: unknown) => void) {
    this.#onFault = onFault;
  }

  on<K extends keyof E & string>(event: K, listener: (payload: E[K]) => void | Promise<void>): () => void {
    const guarded = (payload: E[K]) => {
      try {
        Promise.resolve(listener(payload)).catch((fault: unknown) => this.#onFault(event, fault));
      } catch (fault) {
        this.#onFault(event, fault);
      }
    };
    this.#emitter.on(event, guarded);
    return () => this.#emitter.off(event, guarded);
  }

  emit<K extends keyof E & string>(event: K, payload: E[K]): void {
    this.#emitter.emit(event, payload);
  }
}
