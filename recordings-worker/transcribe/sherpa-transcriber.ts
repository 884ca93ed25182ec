import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { HeardWord } from './masked-words.ts';
import { spread, type Transcriber, TranscriberError, transcriberRate } from './transcriber.ts';

/** What is used of sherpa-onnx-node. */
interface Sherpa {
  readonly OfflineRecognizer: new (config: object) => Recogniser;
}
interface Recogniser {
  createStream(): { acceptWaveform(wave: { samples: Float32Array; sampleRate: number }): void };
  decode(stream: unknown): void;
  getResult(stream: unknown): { text: string; tokens?: string[]; timestamps?: number[] };
}

const packageName = 'sherpa-onnx-node';
const configName = 'recognizer.json';

/**
 * A recogniser of the sherpa-onnx family that runs here, with a model folder that the operator mounts. The folder holds
 * the model's files and `recognizer.json`: the configuration of sherpa's OfflineRecognizer, file names relative to the
 * folder. The package itself (Apache-2.0, 32 MB) is not ours: it is installed beside the product or in the folder.
 * Errors: TranscriberError `config`.
 */
export async function sherpaTranscriber(folder: string): Promise<Transcriber> {
  const sherpa = loadPackage(folder);
  const text = await readFile(join(folder, configName), 'utf8').catch((cause: unknown) => {
    throw new TranscriberError('config', `TRANSCRIBER_MODEL_DIR has no ${configName}`, { cause });
  });
  const recogniser = open(sherpa, inFolder(parsed(text), folder));
  return {
    name: `sherpa-onnx ${folder.split('/').filter(Boolean).at(-1) ?? ''}`.trim(),
    async transcribe(speech) {
      const stream = recogniser.createStream();
      const samples = Float32Array.from(speech, (sample) => sample / 32_768);
      stream.acceptWaveform({ samples, sampleRate: transcriberRate });
      recogniser.decode(stream);
      return wordsOf(recogniser.getResult(stream), (speech.length * 1_000) / transcriberRate);
    },
  };
}

function loadPackage(folder: string): Sherpa {
  for (const from of [import.meta.filename, join(folder, configName)]) {
    try {
      return createRequire(from)(packageName) as Sherpa;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') {
        throw new TranscriberError('config', `${packageName} cannot be loaded`, { cause: error });
      }
    }
  }
  throw new TranscriberError(
    'config',
    `TRANSCRIBER=sherpa needs the package ${packageName}: npm install --no-save ${packageName}`,
  );
}

function open(sherpa: Sherpa, config: object): Recogniser {
  try {
    return new sherpa.OfflineRecognizer(config);
  } catch (cause) {
    throw new TranscriberError('config', `sherpa-onnx does not take the model that ${configName} describes`, {
      cause,
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TranscriberError('config', `${configName} is not JSON`, { cause });
  }
}

/** Every text in the configuration that names a file of the folder becomes that file's path. */
function inFolder(value: unknown, folder: string): object {
  const resolved = (part: unknown): unknown => {
    if (typeof part === 'string') {
      const path = join(folder, part);
      return part !== '' && existsSync(path) ? path : part;
    }
    if (Array.isArray(part)) return part.map(resolved);
    if (part === null || typeof part !== 'object') return part;
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, resolved(inner)]));
  };
  if (value === null || typeof value !== 'object') {
    throw new TranscriberError('config', `${configName} describes no recogniser`);
  }
  return resolved(value) as object;
}

/** Tokens that begin with a space, or are Chinese, begin a word; a word lasts until the next one, half a second at most. */
function wordsOf(
  { text, tokens, timestamps }: ReturnType<Recogniser['getResult']>,
  durationMs: number,
): HeardWord[] {
  if (!tokens || !timestamps || tokens.length === 0 || timestamps.length < tokens.length) {
    return spread(text, 0, durationMs);
  }
  const words: { text: string; fromMs: number }[] = [];
  for (const [index, token] of tokens.entries()) {
    // Tags such as <|zh|> are not spoken.
    if (/^<\|.*\|>$/.test(token)) continue;
    const fromMs = Math.min(durationMs, Math.round(timestamps[index]! * 1_000));
    const begins = /^[\s▁]|^\p{Script=Han}/u.test(token) || words.length === 0;
    const said = token.replace(/^[\s▁]+/, '').replace(/@@$/, '');
    if (begins) words.push({ text: said, fromMs });
    else words.at(-1)!.text += said;
  }
  const longest = 500;
  return words
    .filter((word) => word.text !== '')
    .map((word, index, all) => {
      const next = all[index + 1]?.fromMs ?? durationMs;
      return { ...word, toMs: Math.max(word.fromMs, Math.min(next, word.fromMs + longest)) };
    });
}
