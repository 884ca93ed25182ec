import type { ErrorCode } from '#contract/errors.ts';
import type { RtpLegOptions } from './leg-types.ts';
import type { RtpIngressConfig } from './rtp-ingress.ts';

/** What the ingress thread is started with. */
export interface IngressThreadStart
  extends Pick<RtpIngressConfig, 'listenIp' | 'announcedAddress' | 'portMin' | 'portMax'> {
  /** See {@link arrivalsMemory}. */
  readonly arrivals: SharedArrayBuffer;
  readonly logLevel: string;
}

/** `leg` counts the legs that were ever opened: the thread's name for one. */
export type IngressOrder =
  | {
      readonly kind: 'open';
      readonly leg: number;
      readonly options: Omit<RtpLegOptions, 'onArrival' | 'onForward' | 'onFirstPacket'>;
      /** See {@link LegCells}. */
      readonly cells: SharedArrayBuffer;
    }
  | { readonly kind: 'hold'; readonly leg: number; readonly on: boolean }
  | { readonly kind: 'close'; readonly leg: number }
  | { readonly kind: 'stop' };

export type IngressAnswer =
  | { readonly kind: 'ready'; readonly feedPort: number }
  | {
      readonly kind: 'opened';
      readonly leg: number;
      readonly address: string;
      readonly port: number;
      readonly rtcpPort: number;
    }
  | {
      readonly kind: 'refused';
      readonly leg: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: Record<string, unknown> | undefined;
    }
  | { readonly kind: 'closed'; readonly leg: number };

/**
 * Monotonic ms that are the same in all threads of this process: `performance.now()` begins anew in each.
 */
export function sharedMonotonic(): () => number {
  const origin = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  return () => performance.now() + origin;
}
