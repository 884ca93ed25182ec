import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Codec } from '#contract/primitives.ts';
import { sendOpusTone, sendTone } from '#support/rtp-sender.ts';
import { manifest } from '#worker/seal/manifest.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { cpuSecondsOf, type World } from './world.ts';

/**
 * Calls of `seconds` (real time), some G.711, some Opus, ended one after the other: from the hang-up until the signed
 * address can be asked for; what the recorder spent on them; and whether every packet that was sent is in the archive.
 */
export async function measureArchive(world: World, calls: number, seconds: number): Promise<Figure[]> {
  const codecs: Codec[] = ['PCMU', 'opus', 'PCMA'];
  const cpuBefore = await cpuSecondsOf(world.recorder.pid, { withChildren: true });
  const opened = await Promise.all(
    Array.from({ length: calls }, async (_, index) => {
      const codec = codecs[index % codecs.length]!;
      const call = await world.telephony.open({
        lineId: 'supermarket',
        legs: [
          { role: 'agent', codec },
          { role: 'customer', codec },
        ],
      });
      // Calls end four seconds apart, as they do in life: a seal never waits for another one.
      const length = seconds + index * 4;
      const sendings = call.legs.map((leg) => {
        const hz = leg.role === 'agent' ? 440 : 880;
        return codec === 'opus'
          ? sendOpusTone({ to: leg, hz, seconds: length })
          : sendTone({ to: leg, codec, hz, seconds: length });
      });
      return { call, length, sendings };
    }),
  );
  const waits: number[] = [];
  let sent = 0;
  let kept = 0;
  for (const { call, sendings } of opened) {
    const done = await Promise.all(sendings.map((sending) => sending.done));
    sent += done.reduce((sum, stream) => sum + stream.packets, 0);
    const hungUp = performance.now();
    await world.telephony.end(call.callId);
    const recording = await replayable(world, call.callId);
    waits.push((performance.now() - hungUp) / 1_000);
    kept += await packetsIn(world, recording);
  }
  const cpu = (await cpuSecondsOf(world.recorder.pid, { withChildren: true })) - cpuBefore;
  const hours = opened.reduce((sum, { length }) => sum + length, 0) / 3_600;
  return [
    {
      name: `hang-up to replayable, ${seconds}-s calls, p95 of ${calls}`,
      value: rounded(percentile(waits, 95)),
      unit: 's',
      beside: 'target < 3 s (5-minute call)',
      met: percentile(waits, 95) < 3,
    },
    {
      name: `hang-up to replayable, ${seconds}-s calls, p50`,
      value: rounded(percentile(waits, 50)),
      unit: 's',
    },
    {
      name: 'recorder CPU per call-hour, sealing included',
      value: rounded(cpu / hours),
      unit: 's',
      beside: `${rounded(hours, 2)} call-hours measured`,
    },
    {
      name: 'coverage without faults: packets archived ÷ sent',
      value: rounded((kept / sent) * 100, 7),
      unit: '%',
      beside: `target 100.00 %; ${kept} of ${sent}`,
      met: kept === sent,
    },
  ];
}

async function replayable(world: World, callId: string): Promise<string> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const { recordings } = await world.host.recordings.list({ limit: 100 });
    const recording = recordings.find((one) => one.callId === callId);
    if (recording?.state === 'archived') return recording.id;
    if (Date.now() > deadline) {
      const said = [...world.server.lines, ...world.recorder.lines].filter((line) => line.includes(callId));
      const state = recording?.state ?? 'not in the library';
      throw new Error(`call ${callId} was not archived within two minutes (${state}):\n${said.join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Packets that the archive's manifest accounts for. */
async function packetsIn(world: World, recordingId: string): Promise<number> {
  const { client, bucket } = world.objects;
  const listed = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'recordings/' }));
  const key = listed.Contents?.find((object) => object.Key?.endsWith(`${recordingId}/manifest.json`))?.Key;
  const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const { legs } = manifest.parse(JSON.parse((await object.Body?.transformToString()) ?? ''));
  return legs.reduce((sum, leg) => sum + leg.packets, 0);
}
