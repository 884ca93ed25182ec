import { readFile } from 'node:fs/promises';
import { conversationOf } from '#scripts/speech/conversations.ts';
import { renderConversation } from '#scripts/speech/render.ts';
import { analyse } from '#worker/analyse/analyst-process.ts';
import { vadRate, vadWindow } from '#worker/analyse/silero.ts';
import { loadSilero } from '#worker/analyse/silero-model.ts';
import { ffmpeg } from './ffmpeg.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { measureVadQuality } from './vad-quality.ts';

/** Each is measured so often, one after the other in turn; what is told is the median. */
const rounds = 5;

/**
 * How many times faster than the call itself, in processor time of one core, a call of `seconds` is analysed: whole
 * (process, decoding, both voices), voice activity alone, and ffmpeg's silencedetect on the same file beside it. Then
 * how well voice activity is found in noise, beside silencedetect's.
 */
export async function measureAnalysis(seconds: number): Promise<Figure[]> {
  const sound = await renderConversation({
    conversation: conversationOf('nappy-size-swap'),
    language: 'zh',
    seconds,
  });
  const master = await stereoOpus(sound.agent, sound.customer);
  const silero = await loadSilero();
  const channels = [sound.agent, sound.customer].map((leg) => Float32Array.from(leg, (v) => v / 32_768));
  const spent = { whole: [] as number[], wall: [] as number[], vad: [] as number[], silence: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    spent.whole.push(await childSeconds(() => analyseOnce(master, seconds)));
    spent.wall.push((performance.now() - startedAt) / 1_000);
    const before = process.cpuUsage();
    for (const channel of channels) {
      silero.reset();
      for (let at = 0; at < channel.length; at += vadWindow) silero.next(channel, at);
    }
    const { user, system } = process.cpuUsage(before);
    spent.vad.push((user + system) / 1e6);
    spent.silence.push(await childSeconds(() => silenceDetect(master)));
  }
  const times = (values: readonly number[]) => seconds / percentile(values, 50);
  const [whole, vad, silence] = [times(spent.whole), times(spent.vad), times(spent.silence)];
  const what = `${seconds}-s call, two voices`;
  return [
    {
      name: `analysis whole, ${what}, per core`,
      value: rounded(whole),
      unit: '× real time',
      beside: `ffmpeg silencedetect, same file: ${rounded(silence)} ×`,
      ratio: rounded(whole / silence),
    },
    {
      name: `analysis whole, ${what}, from asking to track`,
      value: rounded(percentile(spent.wall, 50)),
      unit: 's',
    },
    {
      name: `voice activity alone (Silero), ${what}, per core`,
      value: rounded(vad),
      unit: '× real time',
      beside: `${rounded(vad * 2)} × of one voice`,
    },
    ...(await measureVadQuality()),
  ];
}

async function analyseOnce(master: Buffer, seconds: number): Promise<void> {
  await analyse({ master, durationMs: seconds * 1_000, holds: [] }, new AbortController().signal);
}

async function silenceDetect(master: Buffer): Promise<void> {
  const filter = ['-af', 'silencedetect=noise=-40dB:d=0.5', '-f', 'null', '-'];
  await ffmpeg(['-threads', '1', '-i', 'pipe:0', ...filter], master);
}

/** 48 kbit/s Opus in WebM, agent left and customer right. */
async function stereoOpus(agent: Int16Array, customer: Int16Array): Promise<Buffer> {
  const pcm = Buffer.alloc(agent.length * 4);
  for (let at = 0; at < agent.length; at++) {
    pcm.writeInt16LE(agent[at]!, at * 4);
    pcm.writeInt16LE(customer[at]!, at * 4 + 2);
  }
  const input = ['-f', 's16le', '-ar', String(vadRate), '-ac', '2', '-i', 'pipe:0'];
  const { output } = await ffmpeg([...input, '-c:a', 'libopus', '-b:a', '48k', '-f', 'webm', 'pipe:1'], pcm);
  return output;
}

/** Processor seconds of the processes that `work` starts and waits for, theirs included (proc(5), cutime and cstime). */
async function childSeconds(work: () => Promise<void>): Promise<number> {
  const before = await waitedForSeconds();
  await work();
  return (await waitedForSeconds()) - before;
}

async function waitedForSeconds(): Promise<number> {
  const ticksPerSecond = 100;
  const fields = (await readFile('/proc/self/stat', 'utf8')).split(') ')[1]!.split(' ');
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}
