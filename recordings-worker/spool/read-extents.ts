import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RtpdumpError, RtpdumpScanner } from '#kernel/rtp/rtpdump.ts';
import { countOf, coveredBy, type Range, type SegmentExtent, uncovered, union } from './coverage.ts';
import { parseSegmentEvents, type SegmentEvent } from './segment-events.ts';
import { eventsSuffix } from './spool-layout.ts';

/** What the segments of a call have between them, in the tap's sequences. */
export interface CallExtent {
  readonly covered: readonly Range[];
  /** The sequence of the call's end, where a segment saw it and has everything before it that it was given. */
  readonly end: number | null;
}

const itemTypes = new Set<SegmentEvent['type']>(['hold', 'pause', 'leg-end', 'call-end']);

/** Reads the segments in a call's folder. One without its first line counts for nothing; no folder, no segments. */
export async function readExtent(folder: string): Promise<CallExtent> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const covered: Range[] = [];
  let end: number | null = null;
  for (const name of names.filter((one) => one.endsWith(eventsSuffix))) {
    const events = parseSegmentEvents(await readFile(join(folder, name), 'utf8'));
    const extent = await extentOf(folder, events);
    if (!extent) continue;
    const ranges = coveredBy(extent);
    covered.push(...ranges);
    const last = ranges.at(-1)?.to;
    if (last !== undefined && events.some(({ type }) => type === 'call-end')) end = Math.max(end ?? 0, last);
  }
  return { covered: union(covered), end };
}

/** Items that no segment has, of 1 to `items` (the call's end, where the server knows it). */
export function missingOf(extent: CallExtent, items: number | null = null): Range[] {
  const to = items ?? extent.end ?? extent.covered.at(-1)?.to ?? 0;
  return uncovered({ from: 1, to }, extent.covered);
}

export const missingCount = (extent: CallExtent, items: number | null = null): number =>
  countOf(missingOf(extent, items));

async function extentOf(folder: string, events: readonly SegmentEvent[]): Promise<SegmentExtent | undefined> {
  const [head] = events;
  if (head?.type !== 'segment') return undefined;
  let items = 0;
  const skipped: Range[] = [];
  for (const event of events) {
    if (itemTypes.has(event.type)) items += 1;
    else if (event.type === 'leg') {
      items += (event.restated ? 0 : 1) + (await countRecords(join(folder, event.file)));
    } else if (event.type === 'dropped') {
      for (const [from, to] of event.skipped ?? []) skipped.push({ from, to });
    }
  }
  return { after: head.after, items, skipped };
}

/** Whole records of an rtpdump file; none where there is no file. */
async function countRecords(path: string): Promise<number> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  let records = 0;
  const scanner = new RtpdumpScanner(() => {
    records += 1;
  });
  try {
    const buffer = Buffer.allocUnsafe(262_144);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      scanner.push(buffer.subarray(0, bytesRead));
    }
  } catch (error) {
    // Bytes that make no sense behind good records: the good ones count.
    if (!(error instanceof RtpdumpError)) throw error;
  } finally {
    await handle.close();
  }
  return records;
}
