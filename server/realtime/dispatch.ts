import type { Ack, SocketRequest } from '#contract/socket.ts';
import { errorBodyOf, invalid } from '#http/error-answer.ts';
import { AppError } from '#kernel/errors.ts';
import { faultOf } from '#kernel/faults.ts';
import { newId } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import type { SocketDoor, SocketParty } from './socket-door.ts';

interface Incoming {
  readonly door: SocketDoor | undefined;
  readonly event: string;
  readonly input: unknown;
  /** False when the socket asked too often. */
  readonly allowed: boolean;
  readonly party: () => Promise<SocketParty>;
  readonly socket: {
    readonly id: string;
    join(room: string): unknown;
    leave(room: string): unknown;
  };
  readonly log: Log;
}

/** One request, from validation to acknowledgement. Never rejects. */
export async function answerRequest(incoming: Incoming): Promise<Ack<unknown>> {
  const requestId = newId('req');
  try {
    return { ok: true, data: await handle(incoming) };
  } catch (thrown) {
    const error = faultOf(thrown);
    const line = { requestId, event: incoming.event, socketId: incoming.socket.id, code: error.code };
    if (error.blame === 'caller') incoming.log.debug(line, 'socket request refused');
    else
      incoming.log.error({ ...line, blame: error.blame, err: error.cause ?? error }, 'socket request failed');
    return { ok: false, ...errorBodyOf(error, requestId) };
  }
}

async function handle({ door, event, input, allowed, party: partyNow, socket }: Incoming): Promise<unknown> {
  if (!allowed) throw new AppError('rate.limited', 'Too many requests at once. Please slow down.');
  if (!door) throw new AppError('request.invalid', `There is no request called ${JSON.stringify(event)}.`);
  const request: SocketRequest = door.request;
  const party = await partyNow();
  if (request.from === 'person' && party.kind !== 'person') {
    throw new AppError('session.required', 'Please sign in first.');
  }
  if (request.from === 'customer' && party.kind !== 'customer') {
    throw new AppError('ability.denied', 'Only the customer of the call may ask this.');
  }
  const parsed = request.input.safeParse(input ?? {});
  if (!parsed.success) throw invalid('input', parsed.error);
  const answer = await door.handle({
    input: parsed.data,
    party,
    socketId: socket.id,
    person: () => {
      if (party.kind === 'person') return party.person;
      throw new AppError('session.required', 'Please sign in first.');
    },
    enter: (room) => void socket.join(room),
    exit: (room) => void socket.leave(room),
  });
  // Only what the contract names leaves; an answer that does not fit it is our fault.
  const checked = request.output.safeParse(answer);
  if (checked.success) return checked.data;
  const fields = checked.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`);
  throw new AppError('internal', 'Something went wrong on our side. Please try again.', {
    cause: new Error(`${event} answered against its contract: ${fields.join('; ')}`),
  });
}
