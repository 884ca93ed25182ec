import type { MediaGate, ProbeConsumer } from '#contract/line-probe.ts';
import type { MediaDescription } from '#domains/calls/calls.ports.ts';

/** The live plane as a probe needs it: a way to receive silence, and no call anywhere near. */
export interface ProbeMedia {
  /**
   * A transport with one paused stream of silence. It is gone after `forMs`, or when its worker dies.
   * Errors: `media.unavailable`, `media.full` (every worker busy, or too many probes), `media.capabilities`.
   */
  open(input: { probeId: string; rtpCapabilities: Record<string, unknown>; forMs: number }): Promise<{
    transport: MediaDescription;
    consumer: ProbeConsumer;
    gate: MediaGate;
  }>;
  /** Errors: `listening.unknown` where the probe is over, `media.parameters`. */
  connect(probeId: string, dtlsParameters: Record<string, unknown>): Promise<void>;
  /** Error: `listening.unknown`. */
  resume(probeId: string): Promise<void>;
  /** Ending an unknown probe does nothing. */
  end(probeId: string): void;
}
