import type {
  Call,
  CallEndReason,
  CallFacts,
  CallLeg,
  CallPause,
  CallState,
  PausedBy,
  RtpLegRequest,
} from '#contract/calls.ts';
import type { Codec, LegRole, LocalText } from '#contract/primitives.ts';
import { AppError } from '#kernel/errors.ts';

/** A leg as it is stored. Softphone legs have no RTP address. */
export interface StoredLeg {
  readonly id: string;
  readonly role: LegRole;
  readonly codec: Codec;
  readonly state: CallLeg['state'];
  readonly rtp: { readonly address: string; readonly port: number; readonly rtcpPort: number } | null;
}

/** `limit`: the longest pause was over. */
export type PauseEndedBy = PausedBy | 'limit' | 'call-end';

/** A pause that is over: who asked for it, and what ended it. */
export interface PastPause extends CallPause {
  readonly endedAt: number;
  readonly endedBy: PauseEndedBy;
}

export interface StoredCall {
  readonly id: string;
  readonly externalId: string;
  readonly lineId: string;
  readonly state: CallState;
  readonly origin: 'rtp' | 'softphone';
  readonly agentId: string | null;
  readonly agentName: LocalText | null;
  readonly customerMasked: string;
  readonly facts: CallFacts;
  readonly legs: readonly StoredLeg[];
  /** The pause that runs, absent or null otherwise. */
  readonly pause?: CallPause | null;
  readonly pauses?: readonly PastPause[];
  /** The server process whose media plane carries the call. */
  readonly instanceId: string;
  /** SHA-256 of the customer link's token; softphone calls only. */
  readonly customerTokenHash: string | null;
  readonly customerTokenExpiresAt: number | null;
  readonly openedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly endReason: CallEndReason | null;
}

/** More legs than this on one call is a mistake of the telephony side. */
export const maxLegs = 8;

const defaultPayloadTypes: Record<Codec, number> = { PCMU: 0, PCMA: 8, opus: 111 };

/** Static payload types of RFC 3551 for G.711; 111 for Opus, as browsers use. */
export function payloadTypeOf(leg: RtpLegRequest): number {
  const payloadType = leg.payloadType ?? defaultPayloadTypes[leg.codec];
  const wrongStatic =
    (payloadType === 0 && leg.codec !== 'PCMU') || (payloadType === 8 && leg.codec !== 'PCMA');
  const inRtcpRange = payloadType >= 64 && payloadType <= 95;
  if (wrongStatic || inRtcpRange || payloadType === (leg.telephoneEventPayloadType ?? 101)) {
    throw new AppError('leg.codec', `Payload type ${payloadType} cannot carry ${leg.codec} here.`, {
      details: { payloadType, codec: leg.codec },
    });
  }
  return payloadType;
}

/** Keeps the last two digits, and says nothing about the length. An absent number is an empty string. */
export function maskNumber(number: string | undefined): string {
  const digits = (number ?? '').replace(/\D/g, '');
  if (digits === '') return '';
  return digits.length < 7 ? '••••' : `••••${digits.slice(-2)}`;
}

/** The call as people see it. `listeners` is the number of people who hear it now. */
export function presentCall(call: StoredCall, listeners: number): Call {
  return {
    id: call.id,
    lineId: call.lineId,
    state: call.state,
    origin: call.origin,
    agentId: call.agentId,
    agentName: call.agentName,
    customerMasked: call.customerMasked,
    facts: call.facts,
    legs: call.legs.map(({ id, role, codec, state }) => ({ id, role, codec, state })),
    pause: call.state === 'ended' ? null : (call.pause ?? null),
    openedAt: call.openedAt,
    startedAt: call.startedAt,
    endedAt: call.endedAt,
    endReason: call.endReason,
    listeners: call.state === 'ended' ? 0 : listeners,
  };
}

/** Which call the next listener is given: the one that began last, so that most of it is still to come. */
export function nextCall<C extends { id: string; startedAt: number | null }>(
  calls: readonly C[],
  except?: string,
): C | undefined {
  return calls
    .filter((call) => call.startedAt !== null && call.id !== except)
    .sort((a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0))[0];
}

/** What the calls domain tells the domains above it. */
export type CallEvents = {
  'call-opened': { call: StoredCall };
  'call-started': { call: StoredCall };
  'call-updated': { call: StoredCall };
  'call-ended': { call: StoredCall };
};
