import { timeShiftRequests } from '#contract/time-shift.ts';
import { type SocketDoor, socketDoor } from '#realtime/socket-door.ts';
import type { TimeShiftService } from './time-shift.service.ts';

/** Hearing a live call again, from what the recorders have on disk. */
export function timeShiftSockets(shift: TimeShiftService): SocketDoor[] {
  return [
    socketDoor(timeShiftRequests.shift, async ({ input, person }) => {
      await shift.shift(person(), input.listeningId, input.on);
      return {};
    }),
    socketDoor(timeShiftRequests.audio, ({ input, person }) => shift.audio(person(), input)),
    socketDoor(timeShiftRequests.waveform, ({ input, person }) => shift.waveform(person(), input)),
    socketDoor(timeShiftRequests.joinDelayed, ({ input, person, socketId }) =>
      shift.joinDelayed(person(), input, socketId),
    ),
  ];
}
