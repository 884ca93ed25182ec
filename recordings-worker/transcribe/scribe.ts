import type { Voice } from '#contract/analysis.ts';
import type { TranscriptFile } from '#contract/transcripts.ts';
import { ConfigError, transcriberConfig } from '#kernel/config.ts';
import { loadSilero } from '../analyse/silero-model.ts';
import { stepBack } from '../analyse/step-back.ts';
import { frameBytes, stereoPcm, UndecodableError } from '../analyse/stereo-pcm.ts';
import { type HeardWord, maskedUtterances } from './masked-words.ts';
import { openTranscriber } from './open-transcriber.ts';
import { scribeExits } from './scribe-process.ts';
import { ChunkCutter, type SpeechChunk, windowSamples } from './speech-chunks.ts';
import { type Transcriber, TranscriberError, transcriberRate } from './transcriber.ts';

/**
 * A process of its own for one recording. Takes `{keep}` as its one argument, the recording on standard input and the
 * transcriber's settings from its environment; answers the masked transcript as JSON. Nothing unmasked leaves it but to
 * the transcriber.
 */

const voices: readonly Voice[] = ['agent', 'customer'];
/** Chunks that are at the transcriber at the same time. */
const requestsAtATime = 2;

async function scribe(keep: readonly string[]): Promise<TranscriptFile> {
  const config = transcriberConfig();
  const transcriber = await openTranscriber(config);
  const words: Record<Voice, HeardWord[]> = { agent: [], customer: [] };
  const desk = new Desk(transcriber, (voice, heard) => words[voice].push(...heard));
  const cutters = await Promise.all(
    voices.map(async () => new ChunkCutter(await loadSilero(), config.TRANSCRIBER_CHUNK_SECONDS)),
  );
  const windows = voices.map(() => new Int16Array(windowSamples));
  let filled = 0;
  const push = async () => {
    for (const [index, voice] of voices.entries()) {
      const chunk = cutters[index]!.push(windows[index]!);
      if (chunk) await desk.give(voice, chunk);
    }
  };
  for await (const pcm of stereoPcm(transcriberRate)) {
    for (let at = 0; at < pcm.length; at += frameBytes) {
      windows[0]![filled] = pcm.readInt16LE(at);
      windows[1]![filled] = pcm.readInt16LE(at + 2);
      if (++filled < windowSamples) continue;
      await push();
      filled = 0;
    }
  }
  for (const window of windows) window.fill(0, filled);
  await push();
  for (const [index, voice] of voices.entries()) {
    const chunk = cutters[index]!.finish();
    if (chunk) await desk.give(voice, chunk);
  }
  await desk.done();
  const utterances = voices.flatMap((voice) => {
    words[voice].sort((a, b) => a.fromMs - b.fromMs);
    return maskedUtterances(voice, words[voice], keep);
  });
  utterances.sort((a, b) => a.words[0]!.fromMs - b.words[0]!.fromMs);
  return { version: 1, transcriber: transcriber.name, utterances };
}

/** Hands chunks to the transcriber, a few at a time; the first fault ends it. */
class Desk {
  readonly #transcriber: Transcriber;
  readonly #onWords: (voice: Voice, words: HeardWord[]) => void;
  readonly #running = new Set<Promise<void>>();
  readonly #broken = new AbortController();

  constructor(transcriber: Transcriber, onWords: (voice: Voice, words: HeardWord[]) => void) {
    this.#transcriber = transcriber;
    this.#onWords = onWords;
  }

  /** Resolves when there is room for the next one. Rejects with the first fault of any. */
  async give(voice: Voice, { fromMs, samples }: SpeechChunk): Promise<void> {
    this.#broken.signal.throwIfAborted();
    const running = this.#transcriber
      .transcribe(samples, this.#broken.signal)
      .then((heard) =>
        this.#onWords(
          voice,
          heard.map((word) => ({ ...word, fromMs: fromMs + word.fromMs, toMs: fromMs + word.toMs })),
        ),
      )
      .catch((error: unknown) => this.#broken.abort(error))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    if (this.#running.size >= requestsAtATime) await Promise.race(this.#running);
    this.#broken.signal.throwIfAborted();
  }

  async done(): Promise<void> {
    await Promise.all(this.#running);
    this.#broken.signal.throwIfAborted();
  }
}

function exitOf(error: unknown): number {
  if (error instanceof UndecodableError) return scribeExits.undecodable;
  if (error instanceof ConfigError) return scribeExits.config;
  return error instanceof TranscriberError ? scribeExits[error.fault] : 1;
}

stepBack();
try {
  const { keep } = JSON.parse(process.argv[2] ?? '') as { keep: string[] };
  const transcript = JSON.stringify(await scribe(keep));
  process.stdout.write(transcript, () => process.exit(0));
} catch (error) {
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  console.error(error instanceof Error ? `${error.message}${cause}` : String(error));
  process.exit(exitOf(error));
}
