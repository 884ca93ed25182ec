import { io, type Socket } from 'socket.io-client';
import { listeningRequests } from '#contract/listening.ts';
import type { Ack } from '#contract/socket.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { listenerCapabilities } from '#support/webrtc-listener.ts';
import type { Attention } from './counted-stream.ts';
import { type HearingOffer, LeanListener } from './lean-listener.ts';

/** Longer than any server should take: what is measured is how long. */
const answerWithinMs = 60_000;

/** One listener of a bench with a socket of their own: at the product, or at the bare SFU beside it. */
export interface Seat {
  join(callId: string, attention: Attention): Promise<LeanListener>;
  leave(): Promise<void>;
}

async function connect(url: string, cookie?: string): Promise<Socket> {
  const socket = io(url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    ...(cookie !== undefined && { extraHeaders: { cookie } }),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

/** Error ApiError with the server's code. What is answered is believed: checking it would be work of the listeners. */
async function ask<T>(socket: Socket, event: string, input: unknown): Promise<T> {
  const ack = (await socket.timeout(answerWithinMs).emitWithAck(event, input)) as Ack<T>;
  if (!ack.ok) throw new ApiError(0, ack);
  return ack.data;
}

/** A crowd that comes from one address is held up at the sign-in for a minute, and comes then. */
async function signInPatiently(url: string, personaId: string): Promise<PersonClient> {
  for (;;) {
    try {
      return await PersonClient.signIn(url, personaId);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'rate.limited') throw error;
      await new Promise<void>((resolve) => setTimeout(resolve, 2_000));
    }
  }
}

/** A person in the live room of a slot. */
export async function roomSeat(url: string, personaId: string, slotId: string): Promise<Seat> {
  const { api } = await signInPatiently(url, personaId);
  const socket = await connect(url, api.cookie);
  await ask(socket, listeningRequests.enter.event, { slotId });
  let ears: LeanListener | undefined;
  let listeningId: string | undefined;
  return {
    async join(callId, attention) {
      const offer = await ask<HearingOffer & { listeningId: string }>(socket, listeningRequests.join.event, {
        slotId,
        callId,
        rtpCapabilities: listenerCapabilities,
      });
      listeningId = offer.listeningId;
      ears = await LeanListener.hear(
        offer,
        {
          connect: (dtlsParameters) =>
            ask(socket, listeningRequests.connect.event, { listeningId, dtlsParameters }),
          resume: (consumerIds) =>
            ask(socket, listeningRequests.resume.event, { listeningId, consumerIds: [...consumerIds] }),
        },
        attention,
      );
      return ears;
    },
    async leave() {
      ears?.close();
      ears = undefined;
      if (listeningId !== undefined) await ask(socket, listeningRequests.leave.event, { listeningId });
      listeningId = undefined;
    },
  };
}

/** A listener of the bare SFU, which has one call and asks nobody who they are. */
export async function bareSeat(url: string): Promise<Seat> {
  const socket = await connect(url);
  let ears: LeanListener | undefined;
  return {
    async join(_, attention) {
      const offer = await ask<HearingOffer>(socket, 'join', { rtpCapabilities: listenerCapabilities });
      ears = await LeanListener.hear(
        offer,
        {
          connect: (dtlsParameters) => ask(socket, 'connect-transport', { dtlsParameters }),
          resume: () => ask(socket, 'resume', {}),
        },
        attention,
      );
      return ears;
    },
    async leave() {
      ears?.close();
      ears = undefined;
      await ask(socket, 'leave', {});
    },
  };
}
