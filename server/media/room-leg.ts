import type { types } from 'mediasoup';
import type { LegRole } from '#contract/primitives.ts';
import type { RtpLegStats } from '#domains/calls/calls.ports.ts';
import type { LegActivity } from './silence.ts';

/** One direction of a call's audio, however it comes in. It outlives its producer: workers die, pages reload. */
export interface RoomLeg extends LegActivity {
  readonly legId: string;
  readonly role: LegRole;
  /** Where it can be consumed now, if anywhere. */
  readonly producer: types.Producer | undefined;
  hold(on: boolean): void;
  /** Of the whole call: what comes is counted, and goes to no recorder. Independent of hold. */
  pause(on: boolean): void;
  stats(): RtpLegStats;
  /** The worker is gone: so is the producer. */
  detach(): void;
  close(): Promise<void> | void;
}

/** A leg that can be heard now. */
export interface HeardLeg {
  readonly legId: string;
  readonly role: LegRole;
  readonly producer: types.Producer;
}

export function heardLeg(leg: RoomLeg): HeardLeg | undefined {
  const { legId, role, producer } = leg;
  return producer === undefined || producer.closed ? undefined : { legId, role, producer };
}
