import { leadSlots, settlingSlots, slotMs, slotTicks, WebmWriter } from '../seal/webm.ts';
import { WorkerError } from '../worker-error.ts';
import { type MasterPackets, readMasterPackets } from './master-packets.ts';

/** Raised when the same master would give another clip. */
export const cutterVersion = 1;

/** Blocks brought to disk at a time. */
const slotsAtATime = 1_000;

export interface CutSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Writes the packets of a span of a sealed recording (WebM Opus, two channels) into a file of its own, as they are. It
 * begins at the bound of 20 ms at or before `fromMs`, and ends at the one at or behind `toMs`, or with the recording.
 * The decoder is given up to 80 ms from before the span to settle in, which nobody hears (pre-skip, RFC 7845 §4.6), so
 * that the first sample is right. The same master and span give the same bytes. Answers what was cut.
 * Errors: WorkerError `clip.master`, `clip.span` (both final); the disk's own.
 */
export async function cutClip(master: Buffer, span: CutSpan, path: string): Promise<CutSpan> {
  const packets = understood(master);
  const firstSlot = Math.floor(span.fromMs / slotMs);
  const endTicks = Math.min(packets.ticks, Math.ceil(span.toMs / slotMs) * slotTicks);
  const ticks = endTicks - firstSlot * slotTicks;
  if (span.fromMs < 0 || ticks <= 0) {
    throw new WorkerError('clip.span', 'The clip lies outside of the recording.', { final: true });
  }
  // The recording's own lead is there for a clip from its beginning.
  const lead = Math.min(settlingSlots, firstSlot + leadSlots);
  const start = firstSlot + leadSlots - lead;
  const file = await WebmWriter.create(path, ticks, lead);
  try {
    for (let slot = 0; slot < file.slots; slot++) {
      const packet = packets.packet(start + slot);
      if (!packet) throw damaged(`no block in slot ${start + slot} of ${packets.count}`);
      file.add(packet);
      if (slot % slotsAtATime === slotsAtATime - 1) await file.flush();
    }
    await file.finish();
  } finally {
    await file.close();
  }
  return { fromMs: firstSlot * slotMs, toMs: Math.round(endTicks / 48) };
}

function understood(master: Buffer): MasterPackets {
  try {
    return readMasterPackets(master);
  } catch (error) {
    throw damaged((error as Error).message);
  }
}

const damaged = (why: string): WorkerError =>
  new WorkerError('clip.master', 'The recording is not one that clips can be cut from.', {
    cause: new Error(why),
    final: true,
  });
