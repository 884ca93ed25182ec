import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaptureLeg } from '#contract/capture.ts';
import { countOf, type Range } from '../spool/coverage.ts';
import { missingOf, readExtent } from '../spool/read-extents.ts';
import { parseSegmentEvents, type SegmentEvent, type SegmentHead } from '../spool/segment-events.ts';
import { eventsSuffix } from '../spool/spool-layout.ts';
import type { Span } from './gaps.ts';
import { opusDuration } from './opus-packet.ts';
import { indexRtpdump, PacketIndex } from './packet-index.ts';

export interface SpooledSegment {
  readonly name: string;
  readonly head: SegmentHead;
  readonly packets: number;
}

/** One leg (with one codec) over all segments of the call. */
export interface SpooledLeg {
  readonly leg: CaptureLeg;
  readonly index: PacketIndex;
  readonly holds: readonly Span[];
}

export interface SpooledCall {
  readonly segments: readonly SpooledSegment[];
  readonly legs: readonly SpooledLeg[];
  /** Where the tap had to drop packets, and how many. */
  readonly dropped: readonly Span[];
  readonly droppedPackets: number;
  /** When listening and capture of all legs stood still. */
  readonly pauses: readonly Span[];
  /** The call's end as the tap told it, UTC ms; null when no segment saw it. */
  readonly endedAt: number | null;
}

/**
 * What is in the spool of a call, as a text that changes when something is added: names and sizes of all its
 * segments' files.
 */
export async function fingerprintOf(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter(
    (name) => name.endsWith(eventsSuffix) || name.endsWith('.rtpdump'),
  );
  const facts = await Promise.all(
    names.map(async (name) => `${name}:${(await stat(join(folder, name))).size}`),
  );
  return facts.sort().join('\n');
}

/** Reads all segments of a call: events, and an index of every leg's packets with duplicates left out. */
export async function readSpool(folder: string): Promise<SpooledCall> {
  const logs = await readLogs(folder);
  const legs = new Map<
    string,
    { leg: CaptureLeg; index: PacketIndex; holds: Span[]; heldSince: number | null }
  >();
  const segments: SpooledSegment[] = [];
  const gone = await lostItems(folder, logs);
  const dropped: Span[] = [];
  let droppedPackets = gone ? countOf(gone) : 0;
  /** When each pause ended, by when it began: every segment that saw a part of it may tell of it. */
  const pauses = new Map<number, number>();
  let endedAt: number | null = null;

  for (const { name, head, events } of logs) {
    const byIndex = new Map<number, string>();
    let packets = 0;
    for (const event of events) {
      switch (event.type) {
        case 'leg': {
          const { leg } = event;
          const key = JSON.stringify([leg.legId, leg.codec, leg.payloadType, leg.clockRate]);
          byIndex.set(event.index, key);
          let known = legs.get(key);
          if (!known) {
            known = { leg, index: new PacketIndex(), holds: [], heldSince: null };
            legs.set(key, known);
          }
          packets += await indexRtpdump(
            known.index,
            join(folder, event.file),
            leg.payloadType,
            leg.codec === 'opus' ? opusDuration : (payload) => payload.length,
          );
          break;
        }
        case 'hold': {
          const leg = legs.get(byIndex.get(event.index) ?? '');
          if (!leg) break;
          if (event.on) leg.heldSince ??= event.atMs;
          else if (leg.heldSince !== null) {
            leg.holds.push({ fromMs: leg.heldSince, toMs: event.atMs });
            leg.heldSince = null;
          }
          break;
        }
        case 'pause':
          if (!event.on) pauses.set(event.sinceMs, event.atMs);
          else if (!pauses.has(event.sinceMs)) pauses.set(event.sinceMs, Number.POSITIVE_INFINITY);
          break;
        case 'dropped':
          if (gone && event.skipped && !event.skipped.some((range) => meets(range, gone))) break;
          dropped.push({ fromMs: event.fromMs ?? Number.NEGATIVE_INFINITY, toMs: event.toMs });
          if (!gone || !event.skipped) droppedPackets += event.packets;
          break;
        case 'call-end':
          endedAt = event.atMs;
          break;
      }
    }
    segments.push({ name, head, packets });
  }
  return {
    segments,
    legs: [...legs.values()].map(({ leg, index, holds, heldSince }) => ({
      leg,
      index,
      holds:
        heldSince === null
          ? holds
          : [...holds, { fromMs: heldSince, toMs: endedAt ?? Number.POSITIVE_INFINITY }],
    })),
    dropped,
    droppedPackets,
    pauses: [...pauses].map(([fromMs, toMs]) => ({ fromMs, toMs })),
    endedAt,
  };
}

const meets = ([from, to]: readonly [number, number], ranges: readonly Range[]): boolean =>
  ranges.some((range) => range.from <= to && range.to >= from);

/** What no segment has: one copy may lack what the other one kept. Undefined where one segment says it all by itself. */
async function lostItems(
  folder: string,
  logs: readonly { head: SegmentHead; events: readonly SegmentEvent[] }[],
): Promise<Range[] | undefined> {
  const alone = logs.length === 1 && logs[0]!.head.after === 0;
  if (alone || logs.length === 0) return undefined;
  return missingOf(await readExtent(folder));
}

/** The event logs in the order in which the tap gave their packets. A log without its first line is left out. */
async function readLogs(
  folder: string,
): Promise<{ name: string; head: SegmentHead; events: SegmentEvent[] }[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(eventsSuffix));
  const logs = await Promise.all(
    names.map(async (file) => {
      const events = parseSegmentEvents(await readFile(join(folder, file), 'utf8'));
      const head = events[0];
      return head?.type === 'segment'
        ? [{ name: file.slice(0, -eventsSuffix.length), head, events: events.slice(1) }]
        : [];
    }),
  );
  return logs.flat().sort((a, b) => a.head.after - b.head.after || a.head.openedAt - b.head.openedAt);
}
