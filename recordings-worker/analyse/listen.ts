import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Voice } from '#contract/analysis.ts';
import { vadRate } from './silero.ts';
import { loadSilero } from './silero-model.ts';
import { blockSamples, type VoiceFeatures, VoiceListener } from './voice-features.ts';

/** The file cannot be decoded to two channels of sound. */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError';
}

const voices: readonly Voice[] = ['agent', 'customer'];
/** 16-bit samples, two channels. */
const frameBytes = 4;

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
  for await (const pcm of stereoPcm()) {
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

/** Whole frames of interleaved 16-bit samples at 8 kHz. */
async function* stereoPcm(): AsyncGenerator<Buffer> {
  const quiet = ['-hide_banner', '-nostats', '-loglevel', 'error', '-threads', '1'];
  const output = ['-map', '0:a:0', '-f', 's16le', '-ac', '2', '-ar', String(vadRate), 'pipe:1'];
  const child = spawn('ffmpeg', [...quiet, '-i', 'pipe:0', '-threads', '1', ...output], {
    stdio: ['inherit', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-500);
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  // Heard of below.
  closed.catch(() => {});
  try {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      const whole = bytes.length - (bytes.length % frameBytes);
      yield bytes.subarray(0, whole);
      rest = bytes.subarray(whole);
    }
    const [status] = await closed;
    if (status !== 0) throw new UndecodableError(`ffmpeg could not decode the file: ${said.trim()}`);
  } finally {
    child.kill('SIGKILL');
  }
}
