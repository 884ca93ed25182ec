import { waveformStepMs } from '#contract/time-shift.ts';
import type { GrowingCall } from '../../ui/timeline/growing-picture.ts';
import { GrowingTimeline } from '../../ui/timeline/growing-timeline.tsx';
import type { TimelinePin } from '../../ui/timeline/timeline-model.ts';
import type { ListeningSession } from './listening-session.ts';
import type { ListeningState } from './listening-state.ts';
import type { RoomMood } from './room-mood.ts';

/** The call that is heard, growing; a click goes back to what was said there. */
export function CallTimeline({
  session,
  state,
  mood,
  marks,
  compact,
}: {
  session: ListeningSession;
  state: ListeningState;
  mood: RoomMood;
  marks: readonly TimelinePin[];
  compact: boolean;
}) {
  const { shift } = session;
  const over = !mood.hearing;
  const read = (): GrowingCall => {
    const edgeMs = over ? lengthOf(state, shift.edgeMs()) : shift.edgeMs();
    return {
      agent: shift.waveform.agent,
      customer: shift.waveform.customer,
      pauses: shift.waveform.pauses,
      stepMs: waveformStepMs,
      playheadMs: over ? edgeMs : (shift.heardMs() ?? 0),
      edgeMs,
      edgeIsLive: state.delayMs === null && state.call?.state !== 'ended',
      state: over ? 'over' : shift.active ? 'behind' : 'live',
    };
  };
  return (
    <GrowingTimeline
      read={read}
      pins={marks}
      laneHeight={compact ? 24 : 32}
      {...(!over && { onSeek: (ms: number) => shift.seek(ms) })}
    />
  );
}

function lengthOf({ call }: ListeningState, otherwise: number): number {
  return call?.startedAt && call.endedAt ? call.endedAt - call.startedAt : otherwise;
}
