import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArchivedFile } from '#contract/capture.ts';
import type { ClipJob, ToldClipReport } from '#contract/clips.ts';
import type { Log } from '#kernel/log.ts';
import type { JobContext, Queues } from '#kernel/queues.ts';
import type { ObjectStore } from '#kernel/s3.ts';
import type { SigningKey } from '#kernel/signed-json.ts';
import { addToArchive } from '../archive/add-to-archive.ts';
import { splitKey } from '../archive/archive-documents.ts';
import { readMaster } from '../archive/read-master.ts';
import { renderAac, rendererVersion } from '../render/aac.ts';
import { silencerVersion, spansWithin } from '../transcribe/mask-audio.ts';
import { readMaskedSpans } from '../transcribe/read-masked-spans.ts';
import { asWorkerError } from '../worker-error.ts';
import { type CutSpan, cutClip, cutterVersion } from './cut.ts';

export interface ClipsOptions {
  readonly workerId: string;
  readonly spoolDir: string;
  readonly queues: Queues;
  readonly store: ObjectStore;
  readonly key: SigningKey;
  readonly log: Log;
  /** Seconds until it could be played. */
  readonly onDone: (seconds: number) => void;
  readonly onFailed: (code: string) => void;
}

/** Cutting waits for the object store most of the time. */
const atATime = 2;

type Common = 'clipId' | 'recordingId' | 'callId' | 'workerId' | 'at';
type Without<K extends ToldClipReport['kind']> = Omit<Extract<ToldClipReport, { kind: K }>, Common>;
type Told = Without<'cut'> | Without<'rendered'> | Without<'failed'>;

interface Cut extends CutSpan {
  /** Spans of the clip that are silent. */
  readonly silences: number;
}

interface Form {
  readonly made: 'clip' | 'clip-m4a';
  readonly path: string;
  readonly name: string;
  readonly contentType: string;
  readonly facts: Record<string, unknown>;
}

/** Cuts clips out of archived recordings, by the server's jobs. Each may be done again, by any worker. */
export class Clips {
  readonly #options: ClipsOptions;
  readonly #stopping = new AbortController();

  constructor(options: ClipsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.queues.handle('clip', (job, context) => this.#attempt(job, context), {
      concurrency: atATime,
      onGivenUp: (job) => {
        const message = 'The workers that took this job died over it, again and again.';
        return this.#tell(job, { kind: 'failed', code: 'job.given-up', message, final: true });
      },
    });
  }

  /** Breaks off what runs; another worker, or this one later, does it again. */
  stop(): void {
    this.#stopping.abort();
  }

  async #attempt(job: ClipJob, context: JobContext): Promise<void> {
    const { log, onFailed } = this.#options;
    const ids = { clipId: job.clipId, recordingId: job.recordingId, callId: job.callId };
    const work = await mkdtemp(join(tmpdir(), 'clip-'));
    try {
      const path = join(work, 'clip.webm');
      const cut = await this.#cut(job, path);
      log.info({ ...ids, ...cut }, 'clip cut');
      // It can be played from here on: nobody waits for the second form.
      await this.#render(job, cut, path, join(work, 'clip.m4a'));
    } catch (thrown) {
      if (this.#stopping.signal.aborted) throw thrown;
      const error = asWorkerError(thrown);
      const final = error.final || context.lastAttempt;
      log.error({ ...ids, code: error.code, attempt: context.attempt, final, err: thrown }, 'clip not cut');
      onFailed(error.code);
      await this.#tell(job, { kind: 'failed', code: error.code, message: error.message, final });
      if (!error.final) throw thrown;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  async #cut(job: ClipJob, path: string): Promise<Cut> {
    const { spoolDir, store, onDone } = this.#options;
    const startedAt = performance.now();
    const access = { spoolDir, store, signal: this.#stopping.signal };
    const [master, masked] = await Promise.all([
      readMaster(job, access),
      job.transcript ? readMaskedSpans(job.transcript, access) : [],
    ]);
    const cut = { ...(await cutClip(master, job, path, masked)), silences: 0 };
    cut.silences = spansWithin(masked, cut.fromMs, cut.toMs).length;
    const file = await this.#archive(job, cut, {
      ...{ made: 'clip', path, name: `${job.clipId}.webm`, contentType: 'audio/webm' },
      facts: { cutterVersion },
    });
    await this.#tell(job, { kind: 'cut', file, silencedBy: job.transcript?.sha256 ?? null, ...cut });
    onDone((performance.now() - startedAt) / 1_000);
    return cut;
  }

  async #render(job: ClipJob, cut: Cut, from: string, path: string): Promise<void> {
    const durationMs = cut.toMs - cut.fromMs;
    await renderAac(await readFile(from), { path, durationMs }, this.#stopping.signal);
    const file = await this.#archive(job, cut, {
      ...{ made: 'clip-m4a', path, name: `${job.clipId}.m4a`, contentType: 'audio/mp4' },
      facts: { rendererVersion },
    });
    await this.#tell(job, { kind: 'rendered', file, silencedBy: job.transcript?.sha256 ?? null });
  }

  /** Beside the recording, signed: it goes where the recording goes. */
  async #archive(job: ClipJob, cut: Cut, form: Form): Promise<ArchivedFile> {
    const { store, key, queues, workerId } = this.#options;
    const { clipId, recordingId, callId, audio, transcript } = job;
    const { made, path, name, contentType } = form;
    const silenced = transcript && { transcriptSha256: transcript.sha256, silencerVersion };
    const addition = {
      ...{ recordingId, callId, folder: splitKey(audio.key).folder, made },
      facts: { ...form.facts, clipId, ...cut, audioSha256: audio.sha256, ...silenced },
      files: [{ path, name, kind: made, contentType }],
    };
    const files = await addToArchive(addition, { store, key, signal: this.#stopping.signal });
    await queues.report({ kind: 'files-added', recordingId, callId, workerId, at: Date.now(), files });
    return files.find(({ kind }) => kind === made)!;
  }

  #tell(job: ClipJob, told: Told): Promise<void> {
    const { queues, workerId } = this.#options;
    const { clipId, recordingId, callId } = job;
    return queues.reportClip({ ...told, clipId, recordingId, callId, workerId, at: Date.now() });
  }
}
