import { leadSlots, settlingSlots, slotMs, slotTicks, WebmWriter } from '../seal/webm.ts';
import { maskAudio } from '../transcribe/mask-audio.ts';
import type { AudioSpan } from '../transcribe/masked-words.ts';
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
 * that the first sample is right. What is masked (`silent`, ms of the recording) is in none of its packets, those for
 * settling included. The same master and spans give the same bytes. Answers what was cut.
 * Errors: WorkerError `clip.master`, `clip.span` (both final); the disk's own.
 */
export async function cutClip(
  master: Buffer,
  span: CutSpan,
  path: string,
  silent: readonly AudioSpan[] = [],
): Promise<CutSpan> {
  const packets = maskAudio(understood(master), silent);
  const firstSlot = Math.floor(span.fromMs / slotMs);
  const endTicks = Math.min(packets.ticks, Math.ceil(span.toMs / slotMs) * slotTicks);
  const ticks = endTicks - firstSlot * slotTicks;
  if (span.fromMs < 0 || ticks <= 0) {
    throw new WorkerError('clip.span', 'The clip lies outside of the recording.', { final: true });
  }
  // The recording's own lead is there for a clip from its beginning.
  const lead = Math.min(settlingSlots, firstSlot + leadSlots);
  const start = firstSlot + leadSlots - lead;
  await write(packets, { start, ticks, lead }, path);
  return { fromMs: firstSlot * slotMs, toMs: Math.round(endTicks / 48) };
}

/**
 * Writes a sealed recording once more, whole, without what is masked. Errors: WorkerError `clip.master` (final); the
 * disk's own.
 */
export async function maskRecording(
  master: Buffer,
  silent: readonly AudioSpan[],
  path: string,
): Promise<void> {
  const packets = maskAudio(understood(master), silent);
  await write(packets, { start: 0, ticks: packets.ticks, lead: leadSlots }, path);
}

async function write(
  packets: MasterPackets,
  { start, ticks, lead }: { start: number; ticks: number; lead: number },
  path: string,
): Promise<void> {
  const file = await WebmWriter.create(path, ticks, lead);
  try {
    for (let slot = 0; slot < file.slots; slot++) {
      file.add(packetOf(packets, start + slot));
      if (slot % slotsAtATime === slotsAtATime - 1) await file.flush();
    }
    await file.finish();
  } finally {
    await file.close();
  }
}

function packetOf(packets: MasterPackets, slot: number): Buffer {
  let packet: Buffer | undefined;
  try {
    packet = packets.packet(slot);
  } catch (error) {
    throw damaged((error as Error).message);
  }
  if (!packet) throw damaged(`no block in slot ${slot} of ${packets.count}`);
  return packet;
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
