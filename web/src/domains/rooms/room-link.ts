import type { RaisedHands, RoomMessage, RoomMove } from '#contract/rooms.ts';
import { roomsEvents, roomsRequests } from '#contract/rooms.ts';
import type { InputOf, OutputOf } from '#contract/socket.ts';
import { type ApiError, asApiError } from '../../app/api-error.ts';
import { passes, pauseBefore } from '../../app/passing.ts';
import type { Realtime } from '../../app/realtime.ts';
import { type keptOutbox, mostOutgoing, type Outgoing } from './kept-outbox.ts';

/** How often it is asked whether something was missed on the way. Milliseconds. */
const askEveryMs = 30_000;

export interface RoomLinkState {
  /** The room was entered at least once. */
  readonly entered: boolean;
  readonly host: boolean;
  /** In the order the server took them. */
  readonly messages: readonly RoomMessage[];
  readonly earlier: boolean;
  /** Mine that are on their way, oldest first. */
  readonly outgoing: readonly Outgoing[];
  readonly raised: RaisedHands;
  /** The call that the host brought the room to, while it is live. */
  readonly move: RoomMove | null;
  /** Why messages do not go out, or the last gesture did not work. */
  readonly error: ApiError | null;
}

const before: RoomLinkState = {
  entered: false,
  host: false,
  messages: [],
  earlier: false,
  outgoing: [],
  raised: { version: 0, hands: [] },
  move: null,
  error: null,
};

/**
 * One person's part in a slot's room: messages, hands, and where the host brings everybody. Messages that were sent
 * without a connection go out when it is back, once each.
 */
export class RoomLink {
  readonly #realtime: Realtime;
  readonly #slotId: string;
  readonly #personId: string;
  /** What waits on this device. */
  readonly outbox: ReturnType<typeof keptOutbox>;
  readonly #watchers = new Set<() => void>();
  readonly #cleanups: (() => void)[] = [];
  #state: RoomLinkState;
  #flushing = false;
  #tries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: {
    realtime: Realtime;
    slotId: string;
    personId: string;
    outbox: ReturnType<typeof keptOutbox>;
  }) {
    const { realtime, slotId, personId, outbox } = options;
    this.#realtime = realtime;
    this.#slotId = slotId;
    this.#personId = personId;
    this.outbox = outbox;
    this.#state = { ...before, outgoing: outbox.read() };
    this.#cleanups.push(
      realtime.onConnection((connection) => {
        if (connection === 'connected') void this.#open();
      }),
      realtime.on(roomsEvents.message, ({ slotId: of, message }) => of === slotId && this.#came([message])),
      realtime.on(roomsEvents.hands, ({ slotId: of, raised }) => of === slotId && this.#hands(raised)),
      realtime.on(roomsEvents.moved, ({ slotId: of, move }) => of === slotId && this.#moved(move)),
    );
    const ask = setInterval(() => void this.#open(), askEveryMs * (0.75 + Math.random() / 2));
    this.#cleanups.push(() => clearInterval(ask));
    if (realtime.connection === 'connected') void this.#open();
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };
  readonly snapshot = (): RoomLinkState => this.#state;

  /** False if too many wait already. */
  send(text: string): boolean {
    if (this.#state.outgoing.length >= mostOutgoing) return false;
    this.#setOutgoing([...this.#state.outgoing, { key: crypto.randomUUID(), text, at: Date.now() }]);
    void this.#flush();
    return true;
  }

  /** Gives up on a message that does not go out. */
  discard(key: string): void {
    this.#setOutgoing(this.#state.outgoing.filter((one) => one.key !== key));
    this.#set({ error: null });
    void this.#flush();
  }

  async remove(messageId: string): Promise<void> {
    const answer = await this.#ask(roomsRequests.removeMessage, { slotId: this.#slotId, messageId });
    if (answer) this.#came([answer.message]);
  }

  async loadEarlier(): Promise<void> {
    const first = this.#state.messages[0];
    if (!first) return;
    const input = { slotId: this.#slotId, before: first.number };
    const answer = await this.#ask(roomsRequests.earlierMessages, input);
    if (!answer) return;
    this.#came(answer.messages);
    this.#set({ earlier: answer.earlier });
  }

  async raise(): Promise<void> {
    const raised = await this.#ask(roomsRequests.raiseHand, { slotId: this.#slotId });
    if (raised) this.#hands(raised);
  }

  /** One's own, or as the host somebody's. */
  async lower(personId: string): Promise<void> {
    const raised = await this.#ask(roomsRequests.lowerHand, { slotId: this.#slotId, personId });
    if (raised) this.#hands(raised);
  }

  /** Host: brings everybody to this call. Repeated for as long as the answer is lost on the way. */
  async move(callId: string): Promise<void> {
    const input = { slotId: this.#slotId, callId, idempotencyKey: crypto.randomUUID() };
    const answer = await this.#ask(roomsRequests.move, input, 3);
    if (answer) this.#moved(answer.move);
  }

  forgetError(): void {
    this.#set({ error: null });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const cleanup of this.#cleanups) cleanup();
    this.#watchers.clear();
    if (this.#realtime.connection !== 'connected') return;
    await this.#realtime.request(roomsRequests.close, { slotId: this.#slotId }).catch(() => undefined);
  }

  #set(change: Partial<RoomLinkState>): void {
    if (this.#closed) return;
    this.#state = { ...this.#state, ...change };
    for (const watcher of this.#watchers) watcher();
  }

  #setOutgoing(outgoing: readonly Outgoing[]): void {
    this.outbox.keep(outgoing);
    this.#set({ outgoing });
  }

  /** One gesture, repeated `tries` times where a repeat may help; what went wrong stays on the page. */
  async #ask<R extends Gesture>(request: R, input: InputOf<R>, tries = 1): Promise<OutputOf<R> | null> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#realtime.request(request, input);
        this.#set({ error: null });
        return answer;
      } catch (thrown) {
        const error = asApiError(thrown);
        if (attempt < tries && passes(error) && !this.#closed) continue;
        this.#set({ error });
        return null;
      }
    }
  }

  async #open(): Promise<void> {
    if (this.#closed || this.#realtime.connection !== 'connected') return;
    try {
      const room = await this.#realtime.request(roomsRequests.open, { slotId: this.#slotId });
      this.#tries = 0;
      const known = this.#state.messages[0];
      this.#set({
        entered: true,
        host: room.host,
        ...((!known || room.messages.some(({ id }) => id === known.id)) && { earlier: room.earlier }),
      });
      this.#came(room.messages);
      this.#hands(room.raised);
      if (room.move) this.#moved(room.move);
      else if (this.#state.move) this.#set({ move: null });
      void this.#flush();
    } catch (thrown) {
      // The room itself says why nobody may enter; here it is only tried again.
      if (this.#closed || !passes(asApiError(thrown))) return;
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => void this.#open(), pauseBefore(this.#tries++));
    }
  }

  async #flush(): Promise<void> {
    if (this.#flushing || this.#closed || !this.#state.entered) return;
    this.#flushing = true;
    try {
      for (let next = this.#state.outgoing[0]; next; next = this.#state.outgoing[0]) {
        const { key, text } = next;
        const { message } = await this.#realtime.request(roomsRequests.sendMessage, {
          slotId: this.#slotId,
          key,
          text,
        });
        this.#came([message]);
        this.#tries = 0;
        if (this.#closed) return;
      }
      if (this.#state.error) this.#set({ error: null });
    } catch (thrown) {
      const error = asApiError(thrown);
      if (this.#closed) return;
      // Not being connected is said elsewhere, and what waits is shown as waiting.
      if (!passes(error)) this.#set({ error });
      else if (this.#realtime.connection === 'connected') {
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => void this.#flush(), pauseBefore(this.#tries++));
      }
    } finally {
      this.#flushing = false;
    }
  }

  #came(messages: readonly RoomMessage[]): void {
    if (messages.length === 0) return;
    const all = new Map(this.#state.messages.map((message) => [message.id, message]));
    // An answer that is older than a removal must not bring the text back.
    for (const message of messages) if (all.get(message.id)?.text !== null) all.set(message.id, message);
    this.#set({ messages: [...all.values()].sort((a, b) => a.number - b.number) });
    const arrived = new Set(messages.filter((one) => one.personId === this.#personId).map(({ key }) => key));
    const outgoing = this.#state.outgoing.filter(({ key }) => !arrived.has(key));
    if (outgoing.length < this.#state.outgoing.length) this.#setOutgoing(outgoing);
  }

  #hands(raised: RaisedHands): void {
    if (raised.version >= this.#state.raised.version) this.#set({ raised });
  }

  #moved(move: RoomMove): void {
    if (move.number >= (this.#state.move?.number ?? 0)) this.#set({ move });
  }
}

type Gesture =
  | typeof roomsRequests.removeMessage
  | typeof roomsRequests.earlierMessages
  | typeof roomsRequests.raiseHand
  | typeof roomsRequests.lowerHand
  | typeof roomsRequests.move;
