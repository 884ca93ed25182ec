import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RtpSource } from './rtp-source.ts';
import { cpuSecondsOf, memoryOf } from './world.ts';

const run = promisify(execFile);
/** Clear of the server's own ports and of the system's ephemeral ones. */
const firstPort = 10_000;

export interface PerCallFigures {
  /** Of one core, all processes together. */
  readonly cores: number;
  readonly rssMiB: number;
  /** Audio in the files ÷ audio that was sent, 0–1. */
  readonly coverage: number;
}

/** Two PCMU streams, one per media line. */
const sdpOf = (ports: readonly number[]): string =>
  `${[
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=call',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    ...ports.flatMap((port) => [`m=audio ${port} RTP/AVP 0`, 'a=rtpmap:0 PCMU/8000']),
  ].join('\r\n')}\r\n`;

/**
 * The usual way: one ffmpeg a call, which receives both legs by an SDP and writes them as a stereo Opus file, agent left,
 * customer right. The same source sends as to the recorder.
 */
export async function recordWithFfmpeg(
  source: RtpSource,
  calls: number,
  seconds: number,
): Promise<PerCallFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'ffmpeg-per-call-'));
  const children: ChildProcess[] = [];
  try {
    const targets = Array.from({ length: calls }, (_, i) => ({
      id: `ffmpeg_${i}`,
      // RTCP takes the odd port above each.
      ports: [firstPort + i * 4, firstPort + i * 4 + 2],
    }));
    for (const { id, ports } of targets) {
      const sdp = join(folder, `${id}.sdp`);
      await writeFile(sdp, sdpOf(ports));
      const input = ['-protocol_whitelist', 'file,rtp,udp', '-i', sdp];
      const mix = ['-filter_complex', '[0:a:0][0:a:1]amerge=inputs=2[stereo]', '-map', '[stereo]'];
      const output = ['-c:a', 'libopus', '-b:a', '48k', '-f', 'ogg', join(folder, `${id}.ogg`)];
      const quiet = ['-hide_banner', '-nostats', '-loglevel', 'error', '-nostdin'];
      // Ends with this process, however that ends: hundreds of orphans would spoil every later measurement.
      const bound = ['--pdeathsig', 'KILL', 'ffmpeg'];
      children.push(spawn('setpriv', [...bound, ...quiet, ...input, ...mix, ...output], { stdio: 'ignore' }));
    }
    // It opens its ports first and then waits for packets to learn the rest.
    await pause(Math.min(10_000, 1_000 + calls * 30));
    await source.start(targets);
    // What ffmpeg takes to make sense of the streams is not its running cost.
    await pause(5_000);
    const pids = children.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
    const before = await sum(pids, (pid) => cpuSecondsOf(pid));
    const startedAt = performance.now();
    await pause(seconds * 1_000);
    const cpu = (await sum(pids, (pid) => cpuSecondsOf(pid))) - before;
    const elapsed = (performance.now() - startedAt) / 1_000;
    const rss = await sum(pids, memoryOf);
    let sentSeconds = 0;
    for (const { id } of targets) sentSeconds += (await source.stop(id)) / 100;
    await pause(1_000);
    await Promise.all(children.map(end));
    let keptSeconds = 0;
    for (const { id } of targets) keptSeconds += await durationOf(join(folder, `${id}.ogg`));
    return {
      cores: cpu / elapsed,
      rssMiB: rss / 1_048_576,
      coverage: Math.min(1, keptSeconds / sentSeconds),
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function sum(pids: readonly number[], read: (pid: number) => Promise<number>): Promise<number> {
  const values = await Promise.all(pids.map((pid) => read(pid).catch(() => 0)));
  return values.reduce((total, value) => total + value, 0);
}

/** SIGINT lets it finish its file. */
function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGINT');
  });
}

async function durationOf(path: string): Promise<number> {
  const ask = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', path];
  const { stdout } = await run('ffprobe', ask).catch(() => ({ stdout: '0' }));
  return Number(stdout.trim()) || 0;
}
