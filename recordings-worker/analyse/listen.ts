import type { Voice } from '#contract/analysis.ts';
import { vadRate } from './silero.ts';
import { loadSilero } from './silero-model.ts';
import { frameBytes, stereoPcm, UndecodableError } from './stereo-pcm.ts';
import { blockSamples, type VoiceFeatures, VoiceListener } from './voice-features.ts';

const voices: readonly Voice[] = ['agent', 'customer'];

/**
 * Decodes the recording on standard input (agent left, customer right) and listens to both channels as it comes, in
 * memory that hardly grows with its length. Uses one thread. Errors: UndecodableError; what starting ffmpeg threw.
 */
export async function listenToInput(): Promise<Record<Voice, VoiceFeatures>> {
  const listeners = await Promise.all(voices.map(async () => new VoiceListener(await loadSilero())));
  const blocks = voices.map(() => new Float32Array(blockSamples));
  const push = () => {
    for (const [channel, listener] of listeners.entries()) listener.push(blocks[channel]!);
  };
  let filled = 0;
  let frames = 0;
  for await (const pcm of stereoPcm(vadRate)) {
    for (let at = 0; at < pcm.length; at += frameBytes) {
      blocks[0]![filled] = pcm.readInt16LE(at) / 32_768;
      blocks[1]![filled] = pcm.readInt16LE(at + 2) / 32_768;
      filled++;
      if (filled < blockSamples) continue;
      push();
      filled = 0;
    }
    frames += pcm.length / frameBytes;
  }
  if (frames === 0) throw new UndecodableError('There is no sound in this file.');
  for (const block of blocks) block.fill(0, filled);
  push();
  // Pitch comes late by a part of a block.
  for (const block of blocks) block.fill(0);
  push();
  const [agent, customer] = listeners.map((listener) => listener.features()) as [
    VoiceFeatures,
    VoiceFeatures,
  ];
  return { agent, customer };
}
