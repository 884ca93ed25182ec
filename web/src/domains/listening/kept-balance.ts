import { z } from 'zod';
import { defaultBalance, type VoiceBalance } from './voice-mixer.ts';

const storageKey = 'cloud-listening.voices';

const settings = z.object({
  volume: z.number().min(0).max(1.5),
  side: z.union([z.literal(-1), z.literal(0), z.literal(1)]),
});
const stored = z.object({ agent: settings, customer: settings, bot: settings });

/** Volumes and sides as they were set last on this machine. */
export function keptBalance(): VoiceBalance {
  try {
    return stored.parse(JSON.parse(localStorage.getItem(storageKey) ?? ''));
  } catch {
    // Nothing kept, or storage is closed to us (private windows).
    return defaultBalance;
  }
}

export function keepBalance(balance: VoiceBalance): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(balance));
  } catch {
    // Without storage the choice lasts for this visit.
  }
}
