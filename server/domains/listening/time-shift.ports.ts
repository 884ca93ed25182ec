import type { FollowedAudio, FollowedCall, FollowedWaveform } from '#contract/spool-follow.ts';
import type { Bytes } from './time-shift.ts';

/** A call whose offsets count from `zeroMs`, UTC ms. */
export interface ShiftedCall {
  readonly callId: string;
  readonly zeroMs: number;
}

/** What the recorders have of a call on disk, while it is live and until it is archived. Error: `shift.unavailable`. */
export interface CallSpools {
  /** Packets as in `listening:audio`, that begin in [fromMs, toMs). */
  audio(call: ShiftedCall, fromMs: number, toMs: number): Promise<FollowedAudio & { readonly bytes: Bytes }>;
  waveform(
    call: ShiftedCall,
    fromMs: number,
  ): Promise<FollowedWaveform & { readonly agent: Bytes; readonly customer: Bytes }>;
  /** Somebody will go on with it: its recorders do not forget it. */
  keep(call: ShiftedCall): Promise<FollowedCall>;
}
