import type { MasterPackets } from '../clip/master-packets.ts';
import { endOfDelimited } from '../seal/opus-packet.ts';
import { silence } from '../seal/side-frames.ts';
import { leadSlots, slotMs } from '../seal/webm.ts';
import type { AudioSpan } from './masked-words.ts';

/** Raised when the same spans would be silenced in another way. */
export const silencerVersion = 1;

/**
 * The packets of a sealed recording (agent left, customer right), in which nobody hears what was masked: in every slot
 * of 20 ms that a span touches, that voice's packet is one of silence. The other voice's, and everything else, is byte
 * for byte as it was: nothing is encoded anew, so nothing of what was said is left in the file, and nothing else is lost.
 * `packet` throws a plain Error where a slot is not made of two streams.
 */
export function maskAudio(packets: MasterPackets, spans: readonly AudioSpan[]): MasterPackets {
  const silent = { agent: slotsOf(spans, 'agent'), customer: slotsOf(spans, 'customer') };
  return {
    ticks: packets.ticks,
    count: packets.count,
    packet(slot) {
      const packet = packets.packet(slot);
      const [agent, customer] = [silent.agent.has(slot), silent.customer.has(slot)];
      if (!packet || !(agent || customer)) return packet;
      const end = endOfDelimited(packet);
      if (end === undefined) throw new Error(`slot ${slot} holds no two streams`);
      return Buffer.concat([
        agent ? silence.delimited : packet.subarray(0, end),
        customer ? silence.plain : packet.subarray(end),
      ]);
    },
  };
}

/** The spans that have something of the part between two offsets of the recording, ms. */
export const spansWithin = (spans: readonly AudioSpan[], fromMs: number, toMs: number): AudioSpan[] =>
  spans.filter((span) => span.fromMs < toMs && fromMs < span.toMs);

function slotsOf(spans: readonly AudioSpan[], voice: AudioSpan['by']): Set<number> {
  const slots = new Set<number>();
  for (const { by, fromMs, toMs } of spans) {
    if (by !== voice) continue;
    const last = Math.ceil(toMs / slotMs);
    for (let slot = Math.floor(fromMs / slotMs); slot < last; slot++) slots.add(leadSlots + slot);
  }
  return slots;
}
