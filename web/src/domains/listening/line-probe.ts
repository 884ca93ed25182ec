import type { types } from 'mediasoup-client';
import { lineProbeRequests, type MediaGate } from '#contract/line-probe.ts';
import { loadDevice, plain } from '../../app/media-transport.ts';
import type { Realtime } from '../../app/realtime.ts';
import { gradeOf, type LineGrade, LineMeter, type LineSample, pairInUse } from './line-quality.ts';

/** By what way sound gets here: straight by UDP or TCP, or through a relay (RFC 8656). */
export type LineWay = 'udp' | 'tcp' | 'relay';

export type LineFinding =
  | {
      readonly way: LineWay;
      readonly grade: LineGrade;
      readonly sample: LineSample;
      readonly gate: MediaGate;
    }
  | { readonly way: 'blocked'; readonly gate: MediaGate };

export interface ProbeTimes {
  /** Whoever is not through by then meets a wall. Milliseconds. */
  readonly connectMs: number;
  /** How long the silence is measured. Milliseconds. */
  readonly measureMs: number;
}

/** Together less than the server lets a probe live. */
export const probeTimes: ProbeTimes = { connectMs: 9_000, measureMs: 4_000 };

type Report = ReadonlyMap<string, unknown>;

/** The way that packets take, by the candidates in use (W3C webrtc-stats); null while none are. */
export function wayOf(report: Report): LineWay | null {
  const local = report.get(String(pairInUse(report)?.localCandidateId)) as
    | { candidateType?: unknown; protocol?: unknown }
    | undefined;
  if (!local) return null;
  if (local.candidateType === 'relay') return 'relay';
  return local.protocol === 'tcp' ? 'tcp' : 'udp';
}

/**
 * Opens the way that a call would take, with silence on it, and tells what came of it. Nothing is played. Errors: those
 * of `line:probe`, `media.capabilities`, the reason of `signal`.
 */
export async function probeLine(
  realtime: Pick<Realtime, 'request'>,
  signal: AbortSignal,
  times: ProbeTimes = probeTimes,
): Promise<LineFinding> {
  const { routerRtpCapabilities } = await realtime.request(lineProbeRequests.capabilities, {});
  const device = await loadDevice(routerRtpCapabilities);
  signal.throwIfAborted();
  const rtpCapabilities = plain(device.recvRtpCapabilities);
  const begun = await realtime.request(lineProbeRequests.begin, { rtpCapabilities });
  const { probeId, gate } = begun;
  const transport = device.createRecvTransport(begun.transport as unknown as types.TransportOptions);
  try {
    signal.throwIfAborted();
    transport.on('connect', ({ dtlsParameters }, done, failed) => {
      realtime
        .request(lineProbeRequests.connect, { probeId, dtlsParameters: plain(dtlsParameters) })
        .then(() => done(), failed);
    });
    const connected = isConnected(transport, times.connectMs, signal);
    await transport.consume({
      ...begun.consumer,
      rtpParameters: begun.consumer.rtpParameters as unknown as types.RtpParameters,
    });
    if (!(await connected)) return { way: 'blocked', gate };
    await realtime.request(lineProbeRequests.resume, { probeId });
    const meter = new LineMeter();
    meter.sample(await reportOf(transport));
    await after(times.measureMs, signal);
    // Browsers begin with whatever works first and change to what is better: the last word counts.
    const report = await reportOf(transport);
    const sample = meter.sample(report);
    return { way: wayOf(report) ?? 'udp', grade: gradeOf(sample), sample, gate };
  } finally {
    transport.close();
    void realtime.request(lineProbeRequests.end, { probeId }).catch(() => undefined);
  }
}

const reportOf = async (transport: types.Transport): Promise<Report> =>
  (await transport.getStats()) as unknown as Report;

function isConnected(
  transport: Pick<types.Transport, 'on'>,
  withinMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(false), withinMs);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
    transport.on('connectionstatechange', (state) => {
      if (state !== 'connected' && state !== 'failed') return;
      clearTimeout(timer);
      resolve(state === 'connected');
    });
  });
}

function after(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
