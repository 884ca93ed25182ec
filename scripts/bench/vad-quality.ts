import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { conversations } from '#scripts/speech/conversations.ts';
import { Dice } from '#scripts/speech/dice.ts';
import { holdMusic } from '#scripts/speech/recordings.ts';
import { resample } from '#scripts/speech/resample.ts';
import { level, speak } from '#scripts/speech/synthesis.ts';
import { readWav } from '#scripts/speech/wav.ts';
import { vadRate, vadWindow } from '#worker/analyse/silero.ts';
import { loadSilero } from '#worker/analyse/silero-model.ts';
import { lengthOf, type Span, union } from '#worker/analyse/spans.ts';
import { speechSpans } from '#worker/analyse/speech-spans.ts';
import { vadWindowMs } from '#worker/analyse/voice-features.ts';
import { ffmpeg } from './ffmpeg.ts';
import { type Figure, rounded } from './figures.ts';

/** Recorded prompts of a woman, as Debian's asterisk-core-sounds-en-wav has them. */
const prompts = '/usr/share/asterisk/sounds/en_US_f_Allison';
const promptCount = 60;
/** Turns of synthetic speech, half of them in Chinese, by both voices. */
const turnCount = 40;
/** Between two pieces of speech. s */
const pauses = { from: 0.8, to: 3 };
/** Steps in which speech is labelled and counted. ms */
const stepMs = 10;
/** A step is speech when it is not softer than this below the loud parts of its piece, closed over short dips. */
const labelBelow = 30;
const labelClosingMs = 250;
/** So near an edge of the labels nothing is counted: where speech begins is a matter of taste. ms */
const collarMs = 100;

interface Labelled {
  readonly samples: Float32Array;
  readonly speech: readonly Span[];
}

/**
 * How often voice activity misses speech and takes something else for it, on speech of which we know where it is, mixed
 * with noise: pink noise, and hold music, which is what telephone lines have. Beside it ffmpeg's silencedetect
 * with a fixed threshold, as recorders use it: that one tells loud from soft, not speech from noise.
 */
export async function measureVadQuality(): Promise<Figure[]> {
  const clean = await labelledSpeech();
  const figures: Figure[] = [];
  for (const [name, noise] of [
    ['pink noise', pinkNoise(clean.samples.length)],
    ['hold music', await music(clean.samples.length)],
  ] as const) {
    if (!noise) continue;
    for (const snr of [20, 10, 5]) {
      const mixed = mix(clean, noise, snr);
      const ours = score(clean, await sileroSpans(mixed), mixed.length);
      const theirs = score(clean, await silenceDetectSpans(mixed), mixed.length);
      const beside = `silencedetect: ${percent(theirs.missed)} missed, ${percent(theirs.falseAlarms)} false`;
      figures.push(
        { name: `speech missed, ${name} at ${snr} dB`, value: rounded(ours.missed * 100), unit: '%', beside },
        { name: `false alarms, ${name} at ${snr} dB`, value: rounded(ours.falseAlarms * 100), unit: '%' },
      );
    }
  }
  return figures;
}

const percent = (share: number) => `${rounded(share * 100)} %`;

/** Recorded and synthetic speech by turns, with pauses between; the same each time. */
async function labelledSpeech(): Promise<Labelled> {
  const dice = new Dice('voice activity');
  const names = (await readdir(prompts)).filter((name) => name.endsWith('.wav')).sort();
  const pieces: Int16Array[] = [];
  for (let index = 0; index < promptCount && names.length > 0; index++) {
    const [name] = names.splice(dice.below(names.length), 1);
    pieces.push(level(resample(readWav(await readFile(join(prompts, name!))), vadRate)));
  }
  const turns = conversations.flatMap(({ story }) => story.filter((step) => step.kind === 'turn'));
  for (let index = 0; index < turnCount; index++) {
    const turn = turns[dice.below(turns.length)]!;
    const language = index % 2 === 0 ? 'zh' : 'en';
    pieces.push(await speak(language, index % 4 < 2 ? 'woman' : 'man', turn.text[language]));
  }
  const parts: Int16Array[] = [];
  const speech: Span[] = [];
  let at = Math.round(vadRate * pauses.to);
  parts.push(new Int16Array(at));
  for (const piece of pieces) {
    const beginsMs = (at * 1_000) / vadRate;
    speech.push(...labels(piece).map((span) => moved(span, beginsMs)));
    const pause = Math.round(vadRate * dice.between(pauses.from, pauses.to));
    parts.push(piece, new Int16Array(pause));
    at += piece.length + pause;
  }
  const samples = new Float32Array(at);
  let filled = 0;
  for (const part of parts) {
    for (const sample of part) samples[filled++] = sample / 32_768;
  }
  return { samples, speech };
}

const moved = ({ fromMs, toMs }: Span, by: number): Span => ({ fromMs: fromMs + by, toMs: toMs + by });

/** Where a clean piece is speech: by its energy, which in a clean piece is all there is. */
function labels(piece: Int16Array): Span[] {
  const size = (vadRate * stepMs) / 1_000;
  const levels = Array.from({ length: Math.floor(piece.length / size) }, (_, step) => {
    let power = 0;
    for (let n = step * size; n < (step + 1) * size; n++) power += piece[n]! ** 2;
    return 10 * Math.log10(Math.max(1, power / size));
  });
  const loud = [...levels].sort((a, b) => a - b)[Math.floor(levels.length * 0.95)] ?? 0;
  const steps = levels.flatMap((value, step): Span[] =>
    value >= loud - labelBelow ? [{ fromMs: step * stepMs, toMs: (step + 1) * stepMs }] : [],
  );
  return union(steps, labelClosingMs).filter((span) => lengthOf(span) >= 50);
}

/** Voss and McCartney's: white noise of ever lower rates, summed. */
function pinkNoise(length: number): Float32Array {
  const dice = new Dice('pink');
  const rows = new Float32Array(12);
  return Float32Array.from({ length }, (_, n) => {
    const row = n === 0 ? 0 : Math.min(rows.length - 1, Math.trunc(Math.log2(n & -n)));
    rows[row] = dice.roll() * 2 - 1;
    return rows.reduce((sum, value) => sum + value, 0);
  });
}

async function music(length: number): Promise<Float32Array | undefined> {
  const piece = await holdMusic(1, length / vadRate);
  return piece && Float32Array.from(piece, (sample) => sample / 32_768);
}

/** Speech and noise so that the speech, where it is, is `snr` dB above the noise; what would clip is turned down. */
function mix({ samples, speech }: Labelled, noise: Float32Array, snr: number): Float32Array {
  const power = (signal: Float32Array, spans: readonly Span[]) => {
    let sum = 0;
    let count = 0;
    for (const { fromMs, toMs } of spans) {
      const to = Math.min(signal.length, (toMs * vadRate) / 1_000);
      for (let n = Math.floor((fromMs * vadRate) / 1_000); n < to; n++) {
        sum += signal[n]! ** 2;
        count++;
      }
    }
    return sum / count;
  };
  const whole = [{ fromMs: 0, toMs: (samples.length * 1_000) / vadRate }];
  const gain = Math.sqrt(power(samples, speech) / power(noise, whole) / 10 ** (snr / 10));
  const mixed = samples.map((sample, n) => sample + gain * noise[n]!);
  const peak = mixed.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return peak > 1 ? mixed.map((sample) => sample / peak) : mixed;
}

async function sileroSpans(samples: Float32Array): Promise<Span[]> {
  const silero = await loadSilero();
  silero.reset();
  const probabilities: number[] = [];
  for (let at = 0; at < samples.length; at += vadWindow) probabilities.push(silero.next(samples, at));
  return speechSpans(probabilities, vadWindowMs, (samples.length * 1_000) / vadRate);
}

/** What ffmpeg does not take for silence, at the threshold that people use. */
async function silenceDetectSpans(samples: Float32Array): Promise<Span[]> {
  const pcm = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const input = ['-f', 'f32le', '-ar', String(vadRate), '-ac', '1', '-i', 'pipe:0'];
  const filter = ['-af', 'silencedetect=noise=-35dB:d=0.25', '-f', 'null', '-'];
  const { said } = await ffmpeg([...input, ...filter], pcm);
  const silences: Span[] = [];
  for (const [, kind, seconds] of said.matchAll(/silence_(start|end): ([\d.-]+)/g)) {
    const ms = Math.max(0, Number(seconds) * 1_000);
    if (kind === 'start') silences.push({ fromMs: ms, toMs: Number.POSITIVE_INFINITY });
    else silences.push({ fromMs: silences.pop()?.fromMs ?? 0, toMs: ms });
  }
  const spans: Span[] = [];
  let from = 0;
  for (const { fromMs, toMs } of silences) {
    if (fromMs > from) spans.push({ fromMs: from, toMs: fromMs });
    from = toMs;
  }
  const end = (samples.length * 1_000) / vadRate;
  return from < end ? [...spans, { fromMs: from, toMs: end }] : spans;
}

/** Shares of the time in which there is speech, and in which there is none. */
function score({ speech }: Labelled, found: readonly Span[], length: number) {
  const steps = Math.floor((length * 1_000) / vadRate / stepMs);
  const marked = (spans: readonly Span[]) => {
    const marks = new Uint8Array(steps);
    for (const { fromMs, toMs } of spans)
      marks.fill(1, Math.round(fromMs / stepMs), Math.round(toMs / stepMs));
    return marks;
  };
  const truth = marked(union(speech, 2 * collarMs));
  const heard = marked(found);
  const collar = collarMs / stepMs;
  const counts = { speech: 0, missed: 0, silence: 0, falseAlarms: 0 };
  for (let step = collar; step < steps - collar; step++) {
    const here = truth[step];
    if (truth[step - collar] !== here || truth[step + collar] !== here) continue;
    if (here) {
      counts.speech++;
      if (!heard[step]) counts.missed++;
    } else {
      counts.silence++;
      if (heard[step]) counts.falseAlarms++;
    }
  }
  return { missed: counts.missed / counts.speech, falseAlarms: counts.falseAlarms / counts.silence };
}
