import { recordingEvents } from '#contract/recordings.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import { type Announcer, rooms } from '#realtime/socket-door.ts';
import type { RecordingEvents } from './recordings.ts';

/** Tells those in scope how far a recording is; what it is about they ask for themselves. */
export function announceRecordings(announcer: Announcer, events: TypedEvents<RecordingEvents>): void {
  events.on('recording-moved', ({ recording: { id, callId, lineId, state } }) =>
    announcer.to(rooms.line(lineId), recordingEvents.moved, { recordingId: id, callId, lineId, state }),
  );
}
