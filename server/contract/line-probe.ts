import { z } from 'zod';
import { consumerOffer, dtlsParameters, rtpCapabilities, transportOffer } from './media.ts';
import { id } from './primitives.ts';
import { socketRequest } from './socket.ts';

/** A probe ends by itself after this long. Milliseconds. */
export const lineProbeMs = 15_000;
/** So many probes a person may begin within `lineProbesWithinMs`. */
export const lineProbesAtOnce = 6;
export const lineProbesWithinMs = 60_000;

/** Where the live plane is reached from outside, for whoever has to open a firewall. */
export const mediaGate = z.object({ address: z.string(), ports: z.array(z.number().int()).min(1).max(64) });
export type MediaGate = z.infer<typeof mediaGate>;

const probeConsumer = consumerOffer.omit({ legId: true, role: true });
export type ProbeConsumer = z.infer<typeof probeConsumer>;

/**
 * Tries the way to the live plane before there is a call: the transport of a listener, to the same ports through the
 * same relays, with one stream of silence that belongs to no call. The order on the client: line:probe →
 * line:probe-connect → line:probe-resume; then it looks at its own statistics, and ends it with line:probe-end.
 */
export const lineProbeRequests = {
  begin: socketRequest({
    event: 'line:probe',
    summary:
      'Opens a way to the live plane with nothing but silence on it, for fifteen seconds. Ends the probe before it.',
    from: 'person',
    input: z.strictObject({ rtpCapabilities }),
    output: z.object({
      probeId: id,
      transport: transportOffer,
      /** Nobody's voice, so of no leg. */
      consumer: probeConsumer,
      /** Both UDP and TCP, on the same ports. */
      gate: mediaGate,
    }),
  }),
  capabilities: socketRequest({
    event: 'line:capabilities',
    summary: 'What the live plane can send, for a client that is in no room.',
    from: 'person',
    input: z.strictObject({}),
    output: z.object({ routerRtpCapabilities: z.record(z.string(), z.unknown()) }),
  }),
  connect: socketRequest({
    event: 'line:probe-connect',
    summary: 'Finish the probe’s transport with the client’s DTLS parameters.',
    from: 'person',
    input: z.strictObject({ probeId: id, dtlsParameters }),
    output: z.object({}),
  }),
  resume: socketRequest({
    event: 'line:probe-resume',
    summary: 'The client is ready: let the silence flow.',
    from: 'person',
    input: z.strictObject({ probeId: id }),
    output: z.object({}),
  }),
  end: socketRequest({
    event: 'line:probe-end',
    summary: 'The client has seen enough. Ending an unknown probe does nothing.',
    from: 'person',
    input: z.strictObject({ probeId: id }),
    output: z.object({}),
  }),
} as const;
