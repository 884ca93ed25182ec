import { randomInt } from 'node:crypto';
import type { RemoteInfo } from 'node:dgram';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import { emptyRtpHeader, isRtcp, readRtpHeader } from '#kernel/rtp/packet.ts';
import { LegReports } from './leg-reports.ts';
import type { RefusalReason, RtpIngressLegStats, RtpLeg, RtpLegOptions } from './leg-types.ts';
import { clockRate } from './packet-duration.ts';
import type { PortPair } from './port-pairs.ts';
import { Reception } from './reception.ts';
import { RESEQUENCE_MS, Resequencer } from './resequencer.ts';
import { SourceCheck } from './source-check.ts';
import { StreamRewriter } from './stream-rewriter.ts';
import { StreamTracker } from './stream-tracker.ts';

/** Larger than any Ethernet frame carries: no telephone sends that, bytes. */
const MAX_PACKET = 1_500;
/** RFC 3389: static payload type of comfort noise. */
const COMFORT_NOISE = 13;

export interface RtpLegParts {
  readonly leg: RtpLeg;
  /** @param nowMs monotonic ms */
  reportIfDue(nowMs: number): void;
}

export interface RtpLegContext {
  readonly options: RtpLegOptions;
  readonly pair: PortPair;
  readonly address: string;
  readonly clock: Clock;
  readonly log: Log;
  onClose(): void;
  /** Monotonic ms. */
  readonly monotonic?: () => number;
}

/** One leg on a bound pair of ports: packets go source check → stream tracker → recorder, resequencer → rewriter. */
export function openRtpLeg(context: RtpLegContext): RtpLegParts {
  const { options, pair, clock, log } = context;
  const monotonic = context.monotonic ?? (() => performance.now());
  const { codec, payloadType, telephoneEventPayloadType } = options;

  const source = new SourceCheck(options.source);
  const tracker = new StreamTracker();
  const rewriter = new StreamRewriter({ codec, ssrc: options.ssrc, payloadType });
  const reception = new Reception(clockRate(codec));
  const reports = new LegReports({ pair, source, tracker, reception, nowMs: monotonic() });
  const resequencer = new Resequencer(emit);

  const header = emptyRtpHeader();
  const leaving = emptyRtpHeader();
  const refusedBy: Record<RefusalReason, number> = {
    source: 0,
    size: 0,
    malformed: 0,
    'payload-type': 0,
    stray: 0,
  };
  let received = 0;
  let forwarded = 0;
  let duplicates = 0;
  let stripped = 0;
  let held = 0;
  let onHold = false;
  let heard = false;
  let closed = false;
  let lastPacketAt: number | null = null;
  let candidate: { bytes: Buffer; atMs: number; nowMs: number } | undefined;
  let expiry: NodeJS.Timeout | undefined;

  function emit(position: number, bytes: Buffer | null, arrivalMs: number): void {
    if (bytes === null || !readRtpHeader(bytes, leaving)) {
      rewriter.skip();
      return;
    }
    forwarded++;
    options.onForward(rewriter.rewrite(bytes, leaving, position, arrivalMs));
  }

  /** A packet that belongs to the stream: to the recorder as it is, to the listeners in its turn. */
  function deliver(bytes: Buffer, position: number, atMs: number, nowMs: number): void {
    received++;
    if (onHold) {
      held++;
      resequencer.push(position, null, nowMs);
      return;
    }
    if (!heard) {
      heard = true;
      options.onFirstPacket?.(atMs);
    }
    options.onArrival(bytes, atMs);
    resequencer.push(position, bytes, nowMs);
  }

  function watchExpiry(nowMs: number): void {
    const since = resequencer.waitingSinceMs;
    if (since === undefined) {
      if (expiry !== undefined) clearTimeout(expiry);
      expiry = undefined;
    } else if (expiry === undefined) {
      // The timer counts whole ms and may be early by one.
      expiry = setTimeout(onExpiry, Math.max(1, since + RESEQUENCE_MS + 1 - nowMs));
    }
  }

  function onExpiry(): void {
    expiry = undefined;
    const now = monotonic();
    resequencer.expire(now);
    watchExpiry(now);
  }

  function onAudio(bytes: Buffer, nowMs: number): boolean {
    const atMs = clock();
    const before = tracker.ssrc;
    switch (tracker.judge(header, nowMs)) {
      case 'accept':
        if (before === undefined) reception.start(header.ssrc, header.sequenceNumber);
        reception.count(header.sequenceNumber, header.timestamp, nowMs);
        deliver(bytes, tracker.position, atMs, nowMs);
        break;
      case 'duplicate':
        duplicates++;
        break;
      case 'candidate':
        if (candidate) refusedBy.stray++;
        candidate = { bytes, atMs, nowMs };
        return false;
      case 'restart': {
        resequencer.flush();
        rewriter.breakStream();
        const first = candidate;
        candidate = undefined;
        if (first && readRtpHeader(first.bytes, leaving)) {
          reception.start(leaving.ssrc, leaving.sequenceNumber);
          reception.count(leaving.sequenceNumber, leaving.timestamp, first.nowMs);
          deliver(first.bytes, tracker.candidatePosition, first.atMs, first.nowMs);
        }
        reception.count(header.sequenceNumber, header.timestamp, nowMs);
        deliver(bytes, tracker.position, atMs, nowMs);
        break;
      }
      default:
        refusedBy.stray++;
        return false;
    }
    lastPacketAt = atMs;
    return true;
  }

  /** Takes a packet without audio out of the stream, so that its sequence number is not missed. */
  function onOther(nowMs: number): boolean {
    const position = tracker.locate(header, nowMs);
    if (position === undefined) return false;
    reception.count(header.sequenceNumber, undefined, nowMs);
    resequencer.push(position, null, nowMs);
    return true;
  }

  function onRtp(bytes: Buffer, from: RemoteInfo): void {
    if (closed) return;
    if (bytes.length > MAX_PACKET) {
      refusedBy.size++;
      return;
    }
    if (isRtcp(bytes) && bytes[0]! >> 6 === 2) {
      onRtcp(bytes, from, true);
      return;
    }
    const nowMs = monotonic();
    if (!source.allows(from.address, from.port, nowMs)) {
      refusedBy.source++;
      return;
    }
    if (!readRtpHeader(bytes, header)) {
      refusedBy.malformed++;
      return;
    }
    const type = header.payloadType;
    // A packet without payload keeps a path open (RFC 6263 §4.1) and carries nothing.
    if (type === payloadType && header.payloadEnd > header.payloadStart) {
      if (onAudio(bytes, nowMs)) source.pin(from.address, from.port, nowMs);
    } else if (type === payloadType || type === telephoneEventPayloadType || type === COMFORT_NOISE) {
      stripped++;
      if (onOther(nowMs)) {
        received++;
        lastPacketAt = clock();
        source.pin(from.address, from.port, nowMs);
      }
    } else {
      refusedBy['payload-type']++;
      onOther(nowMs);
    }
    if (expiry !== undefined || resequencer.waitingSinceMs !== undefined) watchExpiry(nowMs);
  }

  function onRtcp(bytes: Buffer, from: RemoteInfo, muxed: boolean): void {
    if (closed) return;
    if (bytes.length > MAX_PACKET) refusedBy.size++;
    else if (!source.allowsRtcp(from.address)) refusedBy.source++;
    else if (!reports.read(bytes, from.port, muxed, monotonic())) refusedBy.malformed++;
  }

  // An ICMP "port unreachable" for a report we sent surfaces here: no reason to stop receiving.
  const onSocketError = (error: Error): void => {
    log.debug({ legId: options.legId, err: error }, 'socket of an RTP leg reported an error');
  };
  pair.rtp.on('message', onRtp).on('error', onSocketError);
  pair.rtcp.on('message', (bytes, from) => onRtcp(bytes, from, false)).on('error', onSocketError);

  const leg: RtpLeg = {
    legId: options.legId,
    address: context.address,
    port: pair.port,
    rtcpPort: pair.port + 1,
    get lastPacketAt() {
      return lastPacketAt;
    },
    get onHold() {
      return onHold;
    },
    hold(on) {
      if (onHold && !on) rewriter.realign();
      onHold = on;
    },
    stats(): RtpIngressLegStats {
      return {
        legId: options.legId,
        received,
        forwarded,
        lost: resequencer.lost,
        late: resequencer.late,
        refused: Object.values(refusedBy).reduce((sum, count) => sum + count, 0),
        ssrcChanges: tracker.ssrcChanges,
        lastPacketAt,
        duplicates,
        stripped,
        held,
        refusedBy: { ...refusedBy },
        restarts: tracker.restarts,
        timestampJumps: rewriter.timestampJumps,
        jitterMs: reception.jitterMs,
        bye: reports.bye,
        reportsSent: reports.sent,
      };
    },
    async close() {
      if (!closed) {
        closed = true;
        if (expiry !== undefined) clearTimeout(expiry);
        context.onClose();
        await reports.goodbye(monotonic());
      }
      await pair.release();
    },
  };

  return { leg, reportIfDue: (nowMs) => reports.sendIfDue(nowMs) };
}

/** A random SSRC, never 0. */
export const newSsrc = (): number => randomInt(1, 0x1_0000_0000);
