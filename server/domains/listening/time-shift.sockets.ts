import { timeShiftRequests } from '#contract/time-shift.ts';
import { AppError } from '#kernel/errors.ts';
import { type SocketDoor, socketDoor } from '#realtime/socket-door.ts';

const unavailable = (): never => {
  throw new AppError('shift.unavailable', 'The sound from before cannot be fetched right now.');
};

/** Hearing a live call again, from what the recorders have on disk. */
export function timeShiftSockets(): SocketDoor[] {
  return [
    socketDoor(timeShiftRequests.shift, async () => unavailable()),
    socketDoor(timeShiftRequests.audio, async () => unavailable()),
    socketDoor(timeShiftRequests.waveform, async () => unavailable()),
    socketDoor(timeShiftRequests.joinDelayed, async () => unavailable()),
  ];
}
