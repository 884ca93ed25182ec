import { lineProbeRequests } from '#contract/line-probe.ts';
import { type SocketDoor, type SocketGone, socketDoor } from '#realtime/socket-door.ts';
import type { LineProbes } from './line-probe.service.ts';

/** The way to the live plane, tried before there is a call. */
export function lineProbeSockets(
  probes: LineProbes,
  routerRtpCapabilities: () => Record<string, unknown>,
): { doors: SocketDoor[]; onGone: SocketGone } {
  const doors = [
    socketDoor(lineProbeRequests.capabilities, async () => ({
      routerRtpCapabilities: routerRtpCapabilities(),
    })),
    socketDoor(lineProbeRequests.begin, ({ input, person, socketId }) =>
      probes.begin(person(), input.rtpCapabilities, socketId),
    ),
    socketDoor(lineProbeRequests.connect, async ({ input, person }) => {
      await probes.connect(person(), input.probeId, input.dtlsParameters);
      return {};
    }),
    socketDoor(lineProbeRequests.resume, async ({ input, person }) => {
      await probes.resume(person(), input.probeId);
      return {};
    }),
    socketDoor(lineProbeRequests.end, async ({ input, person }) => {
      probes.end(person(), input.probeId);
      return {};
    }),
  ];
  return { doors, onGone: ({ socketId }) => probes.gone(socketId) };
}
