import { z } from 'zod';
import type { HeardWord } from './masked-words.ts';
import { spread, type Transcriber, TranscriberError, transcriberRate } from './transcriber.ts';
import { wavOf } from './wav.ts';

export interface OpenAiOptions {
  /** The API's root, such as https://asr.example.com/v1. */
  readonly url: string;
  readonly key: string | undefined;
  readonly model: string;
  /** ISO 639-1; the service finds it out by itself without. */
  readonly language: string | undefined;
  /** For one answer. */
  readonly timeoutMs: number;
  /** How often one chunk is tried. */
  readonly tries?: number;
  /** Before the second try; doubles each time. ms */
  readonly firstWaitMs?: number;
}

const time = z.number().nonnegative();
const word = z.object({ word: z.string(), start: time, end: time });
/** `verbose_json`; what services leave out differs. Times in seconds. */
const answer = z.object({
  text: z.string(),
  words: z.array(word).nullish(),
  segments: z
    .array(z.object({ text: z.string(), start: time, end: time, words: z.array(word).nullish() }))
    .nullish(),
});

const longestWaitMs = 60_000;
/** An answer about some seconds of speech is short. Bytes */
const mostBytes = 4 * 1_048_576;

/**
 * Any service that speaks OpenAI's `POST /audio/transcriptions` (FunASR, whisper servers, OpenAI's own). Tries again
 * when the service is busy, broken or silent.
 */
export function openAiTranscriber(options: OpenAiOptions): Transcriber {
  const { url, model, tries = 4, firstWaitMs = 500 } = options;
  const endpoint = new URL(`${url.replace(/\/+$/, '')}/audio/transcriptions`);
  return {
    // Where it runs is nobody's business who reads the text.
    name: model,
    async transcribe(speech, signal) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await ask(endpoint, speech, options, signal);
        } catch (error) {
          signal.throwIfAborted();
          const busy = error instanceof BusyError;
          if (!busy) throw error;
          if (attempt >= tries) throw new TranscriberError('unreachable', error.message, { cause: error });
          const wait = error.waitMs ?? firstWaitMs * 2 ** (attempt - 1) * (0.8 + Math.random() * 0.4);
          await pause(Math.min(longestWaitMs, wait), signal);
        }
      }
    },
  };
}

/** The service may answer later. */
class BusyError extends Error {
  readonly waitMs: number | undefined;

  constructor(message: string, options: { cause?: unknown; waitMs?: number | undefined } = {}) {
    super(message, options);
    this.waitMs = options.waitMs;
  }
}

async function ask(
  endpoint: URL,
  speech: Int16Array,
  { key, model, language, timeoutMs }: OpenAiOptions,
  signal: AbortSignal,
): Promise<HeardWord[]> {
  const form = new FormData();
  form.set('file', new Blob([wavOf(speech, transcriberRate)], { type: 'audio/wav' }), 'speech.wav');
  form.set('model', model);
  form.set('response_format', 'verbose_json');
  form.append('timestamp_granularities[]', 'word');
  form.append('timestamp_granularities[]', 'segment');
  form.set('temperature', '0');
  if (language !== undefined) form.set('language', language);
  let status: number;
  let body: string;
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      body: form,
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    status = response.status;
    body = await limitedText(response);
  } catch (cause) {
    throw new BusyError('the transcriber did not answer', { cause });
  }
  // Its words are not repeated: they may hold what was said.
  if (status === 408 || status === 409 || status === 425 || status === 429 || status >= 500) {
    throw new BusyError(`the transcriber answered ${status}`, { waitMs: retryAfterMs(response) });
  }
  if (status === 401 || status === 403 || status === 404) {
    throw new TranscriberError(
      'config',
      `the transcriber answered ${status}: is TRANSCRIBER_URL, _KEY or _MODEL wrong?`,
    );
  }
  if (status >= 300) throw new TranscriberError('refused', `the transcriber answered ${status}`);
  const read = answer.safeParse(jsonOf(body));
  if (!read.success) throw new BusyError('the transcriber answered something else than a transcript');
  return wordsOf(read.data, (speech.length * 1_000) / transcriberRate);
}

/** Words with times where there are some, else the segments' or the whole text spread over its time. */
function wordsOf({ text, words, segments }: z.infer<typeof answer>, durationMs: number): HeardWord[] {
  const ms = (seconds: number) => Math.min(durationMs, Math.round(seconds * 1_000));
  const timed = words?.length ? words : segments?.flatMap((segment) => segment.words ?? []);
  const found = timed?.length
    ? timed.flatMap(({ word: said, start, end }) => {
        // A piece of a sentence that is called a word is taken apart, so that it can be masked and followed.
        const pieces = spread(said, ms(start), Math.max(ms(start), ms(end)));
        return pieces.length > 1 ? pieces : said.trim() === '' ? [] : [{ ...pieces[0]!, text: said.trim() }];
      })
    : segments?.length
      ? segments.flatMap((segment) => spread(segment.text, ms(segment.start), ms(segment.end)))
      : spread(text, 0, durationMs);
  return found.sort((a, b) => a.fromMs - b.fromMs);
}

async function limitedText(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > mostBytes) throw new Error('the answer is too long');
  }
  return text + decoder.decode();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds or a date (RFC 9110 §10.2.3). */
function retryAfterMs(response: Response): number | undefined {
  const value = response.headers.get('retry-after');
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', broken);
      resolve();
    }, ms);
    const broken = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', broken, { once: true });
  });
}
