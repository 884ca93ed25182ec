import { clipEvents } from '#contract/clips.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import { type Announcer, rooms } from '#realtime/socket-door.ts';
import type { ClipEvents } from './clip-cutting.ts';

/** Tells those in scope that a clip moved on; what it is called they ask for themselves. */
export function announceClips(announcer: Announcer, events: TypedEvents<ClipEvents>): void {
  events.on('clip-changed', ({ clip: { id, callId, lineId, recordingId, state } }) =>
    announcer.to(rooms.line(lineId), clipEvents.changed, { clipId: id, callId, recordingId, state }),
  );
}
