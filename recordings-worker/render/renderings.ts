import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RenderJob } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import type { Queues } from '#kernel/queues.ts';
import type { ObjectStore } from '#kernel/s3.ts';
import type { SigningKey } from '#kernel/signed-json.ts';
import { addToArchive } from '../archive/add-to-archive.ts';
import { splitKey } from '../archive/archive-documents.ts';
import { readMaster } from '../archive/read-master.ts';
import { asWorkerError } from '../worker-error.ts';
import { renderAac, rendererVersion } from './aac.ts';

export interface RenderingsOptions {
  readonly workerId: string;
  readonly spoolDir: string;
  readonly queues: Queues;
  readonly store: ObjectStore;
  readonly key: SigningKey;
  readonly log: Log;
  /** Seconds that one took. */
  readonly onDone: (seconds: number) => void;
  readonly onFailed: (code: string) => void;
}

/** Renders archived recordings for browsers that cannot play the master. Each job may be done again, by any worker. */
export class Renderings {
  readonly #options: RenderingsOptions;
  readonly #stopping = new AbortController();

  constructor(options: RenderingsOptions) {
    this.#options = options;
  }

  /** One at a time: nobody waits for it. */
  start(): void {
    this.#options.queues.handle('render', (job) => this.#attempt(job), { concurrency: 1 });
  }

  /** Breaks off what runs; another worker, or this one later, does it again. */
  stop(): void {
    this.#stopping.abort();
  }

  async #attempt(job: RenderJob): Promise<void> {
    const { log, onDone, onFailed } = this.#options;
    const ids = { recordingId: job.recordingId, callId: job.callId };
    const startedAt = performance.now();
    try {
      await this.#render(job);
      const seconds = (performance.now() - startedAt) / 1_000;
      onDone(seconds);
      log.info({ ...ids, seconds: Math.round(seconds * 1_000) / 1_000 }, 'rendered');
    } catch (thrown) {
      if (this.#stopping.signal.aborted) throw thrown;
      const error = asWorkerError(thrown);
      log.error({ ...ids, code: error.code, err: thrown }, 'not rendered');
      onFailed(error.code);
      // Deleted meanwhile, say: there is nothing to try again.
      if (!error.final) throw thrown;
    }
  }

  async #render(job: RenderJob): Promise<void> {
    const { spoolDir, store, key, queues, workerId } = this.#options;
    const { recordingId, callId, durationMs, audio } = job;
    const { signal } = this.#stopping;
    const master = await readMaster(job, { spoolDir, store, signal });
    const folder = await mkdtemp(join(tmpdir(), 'rendering-'));
    try {
      const path = join(folder, 'audio.m4a');
      await renderAac(master, { path, durationMs }, signal);
      const addition = {
        recordingId,
        callId,
        folder: splitKey(audio.key).folder,
        made: 'm4a',
        facts: { rendererVersion, audioSha256: audio.sha256 },
        files: [{ path, name: 'audio.m4a', kind: 'audio-m4a' as const, contentType: 'audio/mp4' }],
      };
      const files = await addToArchive(addition, { store, key, signal });
      await queues.report({ kind: 'files-added', recordingId, callId, workerId, at: Date.now(), files });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
