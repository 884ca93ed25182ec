import { Device, type types } from 'mediasoup-client';
import { ApiError } from './api-error.ts';

export interface MendTimes {
  /** From the first packet of ICE to DTLS; whoever needs longer meets a wall. Milliseconds. */
  readonly connectMs: number;
  /** How long a broken transport may try to come back by ICE restart before it is rebuilt. Milliseconds. */
  readonly iceRestartMs: number;
}

export const mendTimes: MendTimes = { connectMs: 8_000, iceRestartMs: 2_500 };

export interface MendOptions {
  /** Asks the server for new ICE credentials (RFC 8445 §9). */
  restartIce(): Promise<types.IceParameters>;
  /** It is up, for the first time or again. */
  onUp(): void;
  /** It fell; an ICE restart is under way. */
  onBroken(): void;
  /** It will not come back: build another. Called once, and nothing after it. */
  onLost(): void;
}

type Mendable = Pick<types.Transport, 'on' | 'restartIce'>;

/**
 * Follows a transport from connecting to its end: an ICE restart when it falls, the word `onLost` when that does not
 * help in time, or when it never came up. Answers a function that stops following.
 */
export function mendTransport(
  transport: Mendable,
  options: MendOptions,
  times: MendTimes = mendTimes,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let mending = false;
  let done = false;
  const stop = () => {
    done = true;
    clearTimeout(timer);
  };
  const lost = () => {
    if (done) return;
    stop();
    options.onLost();
  };
  const lostAfter = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(lost, ms);
  };
  const mend = async () => {
    const iceParameters = await options.restartIce();
    if (!done && mending) await transport.restartIce({ iceParameters });
  };
  transport.on('connectionstatechange', (state) => {
    if (done) return;
    if (state === 'connected') {
      clearTimeout(timer);
      mending = false;
      options.onUp();
    } else if (state === 'connecting') {
      // Also seen in the middle of an ICE restart, which has its own deadline.
      if (!mending) lostAfter(times.connectMs);
    } else if ((state === 'disconnected' || state === 'failed') && !mending) {
      mending = true;
      lostAfter(times.iceRestartMs);
      options.onBroken();
      mend().catch(lost);
    }
  });
  return stop;
}

/** A device that knows the router. Error: `media.capabilities` for a browser without WebRTC. */
export async function loadDevice(routerRtpCapabilities: Record<string, unknown>): Promise<Device> {
  try {
    const device = new Device();
    await device.load({ routerRtpCapabilities: routerRtpCapabilities as unknown as types.RtpCapabilities });
    return device;
  } catch (cause) {
    throw new ApiError('media.capabilities', 'this browser cannot take part', { cause });
  }
}

/** A structured copy without undefined members: what the strict schemas at the door expect. */
export function plain<T>(value: T): never {
  return JSON.parse(JSON.stringify(value)) as never;
}
