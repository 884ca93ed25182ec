import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SealedFacts } from '#contract/capture.ts';
import type { Codec, LegRole } from '#contract/primitives.ts';
import { createLog } from '#kernel/log.ts';
import type { TapItem } from '#kernel/rtp/tap-protocol.ts';
import { type SealOptions, sealCall } from '#worker/seal/seal.ts';
import { SegmentWriter } from '#worker/spool/segment-writer.ts';
import { captureLegOf, LegFeed } from './leg-feed.ts';

/** UTC ms at which the calls of tests begin. */
export const callStartMs = 1_760_000_000_000;

/** A call as a recorder would have left it on disk: fed leg by leg, written, sealed. */
export class CallOnDisk {
  readonly dir: string;
  readonly job = { recordingId: 'rec_1', callId: 'call_1' };
  /** In the order of the tap's sequence. */
  readonly items: TapItem[] = [];
  #legs = 0;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async create(): Promise<CallOnDisk> {
    return new CallOnDisk(await mkdtemp(join(tmpdir(), 'seal-')));
  }

  remove(): Promise<void> {
    return rm(this.dir, { recursive: true, force: true });
  }

  /** A leg whose first packet arrives at `startsAtMs` (UTC ms). */
  leg(role: LegRole, codec: Codec, startsAtMs = callStartMs): LegFeed {
    const index = this.#legs++;
    const leg = captureLegOf(`leg_${role}_${index}`, role, codec);
    this.items.push({ kind: 'leg', sequence: this.items.length + 1, index, leg });
    const feed = new LegFeed(leg, startsAtMs, (rtp, arrivalMs) =>
      this.items.push({ kind: 'packet', sequence: this.items.length + 1, index, arrivalMs, rtp }),
    );
    feed.ssrc = 1_000 + index;
    return feed;
  }

  hold(index: number, on: boolean, atMs: number): void {
    this.items.push({ kind: 'hold', sequence: this.items.length + 1, index, on, atMs });
  }

  async write(items = this.items, captureId = 'cap_1', after = 0): Promise<void> {
    const writer = await SegmentWriter.open({
      folder: join(this.dir, this.job.callId),
      head: {
        ...{ type: 'segment', version: 1, captureId, ...this.job, workerId: 'w1' },
        ...{ openedAt: callStartMs, after },
      },
    });
    for (const item of items) writer.append(item);
    await writer.flush();
    await writer.close();
  }

  seal(options: Partial<SealOptions> = {}): Promise<SealedFacts> {
    return sealCall(this.job, {
      spoolDir: this.dir,
      signal: new AbortController().signal,
      log: createLog('test', 'silent'),
      ...options,
    });
  }

  sealed(name: string): string {
    return join(this.dir, this.job.callId, 'sealed', name);
  }

  get audioPath(): string {
    return this.sealed('audio.webm');
  }
}
