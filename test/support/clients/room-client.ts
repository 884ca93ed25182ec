import { listeningRequests } from '#contract/listening.ts';
import type { OutputOf } from '#contract/socket.ts';
import { type ListenerOptions, listenerCapabilities, WebrtcListener } from '../webrtc-listener.ts';
import type { PersonClient } from './person-client.ts';
import type { SocketClient } from './socket-client.ts';

type Joined = OutputOf<typeof listeningRequests.join>;

/** One person's visit to the live room of a slot: their socket, and what they hear. */
export class RoomClient {
  readonly socket: SocketClient;
  readonly slotId: string;
  #ears: WebrtcListener | undefined;
  #listeningId: string | undefined;

  private constructor(socket: SocketClient, slotId: string) {
    this.socket = socket;
    this.slotId = slotId;
  }

  static async open(person: PersonClient, slotId: string): Promise<RoomClient> {
    return new RoomClient(await person.socket(), slotId);
  }

  enter(): Promise<OutputOf<typeof listeningRequests.enter>> {
    return this.socket.request(listeningRequests.enter, { slotId: this.slotId });
  }

  /** Only the request: what a client without ears would get. */
  ask(callId?: string, rtpCapabilities: Record<string, unknown> = listenerCapabilities): Promise<Joined> {
    return this.socket.request(listeningRequests.join, {
      slotId: this.slotId,
      ...(callId !== undefined && { callId }),
      rtpCapabilities: rtpCapabilities as never,
    });
  }

  /** Joins and hears: resolves when the connection stands and the consumers are resumed. */
  async listen(
    callId?: string,
    options: ListenerOptions = {},
  ): Promise<{ joined: Joined; ears: WebrtcListener }> {
    this.#ears?.close();
    const joined = await this.ask(callId);
    const { listeningId } = joined;
    const ears = await WebrtcListener.hear(
      joined,
      {
        connect: (dtlsParameters) =>
          this.socket.request(listeningRequests.connect, {
            listeningId,
            dtlsParameters: dtlsParameters as never,
          }),
        resume: (consumerIds) =>
          this.socket.request(listeningRequests.resume, { listeningId, consumerIds: [...consumerIds] }),
      },
      options,
    );
    this.#ears = ears;
    this.#listeningId = listeningId;
    return { joined, ears };
  }

  /** Stops hearing and stays in the room. */
  async stop(): Promise<void> {
    this.#ears?.close();
    this.#ears = undefined;
    const listeningId = this.#listeningId;
    this.#listeningId = undefined;
    if (listeningId) await this.socket.request(listeningRequests.leave, { listeningId });
  }

  close(): void {
    this.#ears?.close();
    this.socket.close();
  }
}
