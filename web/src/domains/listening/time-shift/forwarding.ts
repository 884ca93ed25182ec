import { timeShiftRequests } from '#contract/time-shift.ts';
import { type ApiError, asApiError } from '#web/app/api-error.ts';
import { passes } from '#web/app/passing.ts';
import type { ShiftedListening } from './shift-state.ts';

export interface ForwardingWatcher {
  /** The call is heard from what was kept, and its packets need not come. */
  isShifted(): boolean;
  /** The call is over: nothing is left to forward. */
  isOver(): boolean;
  /** The server will not have it. */
  onRefused(error: ApiError): void;
}

/** Makes the server forward, or not, as it is heard here. */
export class Forwarding {
  readonly #host: Pick<ShiftedListening, 'request' | 'listeningId' | 'delayMs' | 'onLost'>;
  readonly #watcher: ForwardingWatcher;
  /** What the server was told of this listening last. */
  #told: { listeningId: string; on: boolean } | null = null;
  #telling = false;

  constructor(
    host: Pick<ShiftedListening, 'request' | 'listeningId' | 'delayMs' | 'onLost'>,
    watcher: ForwardingWatcher,
  ) {
    this.#host = host;
    this.#watcher = watcher;
  }

  /** One request at a time; the last wish counts. A delayed seat is never forwarded to. */
  async tell(): Promise<void> {
    if (this.#telling || this.#host.delayMs() !== null) return;
    this.#telling = true;
    try {
      for (;;) {
        const listeningId = this.#host.listeningId();
        const on = this.#watcher.isShifted();
        if (!listeningId || this.#watcher.isOver()) return;
        const before = this.#told?.listeningId === listeningId && this.#told.on;
        if (before === on) return;
        await this.#host.request(timeShiftRequests.shift, { listeningId, on });
        this.#told = { listeningId, on };
      }
    } catch (thrown) {
      const error = asApiError(thrown);
      if (error.code === 'listening.unknown') this.#host.onLost();
      else if (this.#watcher.isShifted() && !passes(error)) this.#watcher.onRefused(error);
      else setTimeout(() => void this.tell(), 500);
    } finally {
      this.#telling = false;
    }
  }

  /** What was told of a listening that is no more. */
  forget(): void {
    this.#told = null;
  }
}
