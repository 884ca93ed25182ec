import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { SealJob } from '#contract/capture.ts';
import type { Log } from '#kernel/log.ts';
import type { Peers } from '../peers.ts';
import { WorkerError } from '../worker-error.ts';
import { missingCount, readExtent } from './read-extents.ts';
import { syncFolder } from './segment-writer.ts';
import { digestOf, isSegmentFile, type SpoolListing, spoolListing } from './spool-door.ts';
import { callFolder } from './spool-layout.ts';

/** Parts of one file that a way which breaks may take. */
const tries = 4;
/** A worker that does not send a byte for so long is given up, ms. */
const silentAfterMs = 10_000;

export interface GatherOptions {
  readonly spoolDir: string;
  readonly peers: Peers;
  /** Seal without the parts of workers that are away: waiting longer is of no use. */
  readonly despiteAbsence: boolean;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * Brings to this spool what other spools hold of the call and this one lacks. A call that is complete here needs
 * nobody. Errors: WorkerError `seal.holder-away` when a part is missing whose holder does not answer.
 */
export async function gather(job: SealJob, options: GatherOptions): Promise<void> {
  const { spoolDir, peers, log } = options;
  const items = job.items ?? null;
  const holders = job.holders ?? [];
  // A server that died may not have come to write down who had the call: everybody is asked then.
  const asked = items === null ? new Set([...holders, ...(await peers.spools())]) : new Set(holders);
  const others = [...asked].filter((holder) => holder !== peers.spoolId);
  if (others.length === 0) return;
  const folder = callFolder(spoolDir, job.callId);
  const lacks = async () => {
    const extent = await readExtent(folder);
    // Without the tap's word or the call's end nobody knows what the others have.
    return items === null && extent.end === null ? Number.POSITIVE_INFINITY : missingCount(extent, items);
  };
  let missing = await lacks();
  const away: string[] = [];
  for (const holder of others) {
    if (missing === 0) return;
    const fetched = await fetchFrom(holder, job.callId, folder, options);
    if (fetched === undefined && holders.includes(holder)) away.push(holder);
    else if (fetched === undefined) continue;
    else if (fetched > 0) {
      log.info({ callId: job.callId, holder, files: fetched }, 'fetched from another spool');
      missing = await lacks();
    }
  }
  if (missing === 0 || away.length === 0) return;
  if (!options.despiteAbsence) {
    throw new WorkerError('seal.holder-away', 'A worker that holds a part of this call is away.');
  }
  log.error({ callId: job.callId, away }, 'sealed without the parts of spools that are away');
}

/** Files that were fetched; undefined when no worker of that spool could be asked. */
async function fetchFrom(
  holder: string,
  callId: string,
  folder: string,
  options: GatherOptions,
): Promise<number | undefined> {
  const { peers, signal, log } = options;
  for (const { workerId, address } of await peers.of(holder)) {
    if (!address) continue;
    const door = new Door(
      `http://${address.host}:${address.port}/spool/${callId}`,
      await peers.secret(),
      signal,
    );
    try {
      const listing = await door.list();
      // An address may have gone to another worker since its heartbeat.
      if (listing.spoolId !== holder) continue;
      await mkdir(folder, { recursive: true });
      let fetched = 0;
      for (const file of listing.files) fetched += (await fetchFile(door, file, folder)) ? 1 : 0;
      if (fetched > 0) await syncFolder(folder);
      return fetched;
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn({ callId, holder, workerId, err: error }, 'a part of a call could not be fetched');
    }
  }
  return undefined;
}

async function fetchFile(door: Door, file: SpoolListing['files'][number], folder: string): Promise<boolean> {
  const { name, bytes, sha256 } = file;
  if (!isSegmentFile(name)) return false;
  const path = join(folder, name);
  const sizeOf = (at: string) =>
    stat(at).then(
      ({ size }) => size,
      () => 0,
    );
  // Segment names are never given twice; one that is here and shorter came while its writer was at it.
  if ((await sizeOf(path)) >= bytes) return false;
  const partial = join(folder, `fetching-${name}`);
  for (let attempt = 1; ; attempt++) {
    try {
      const have = await sizeOf(partial);
      if (have < bytes) await door.get(name, have > bytes ? 0 : have, partial);
      const got = await digestOf(partial);
      if (got.bytes === bytes && got.sha256 === sha256) break;
      if (got.bytes >= bytes) await rm(partial, { force: true });
      throw new Error(`${name} came as ${got.bytes} other bytes than ${bytes} with the hash that was told`);
    } catch (error) {
      if (attempt >= tries || door.signal.aborted) throw error;
    }
  }
  await rename(partial, path);
  return true;
}

/** The other worker's end of {@link createSpoolDoor}. */
class Door {
  readonly signal: AbortSignal;
  readonly #url: string;
  readonly #secret: string;

  constructor(url: string, secret: string, signal: AbortSignal) {
    this.#url = url;
    this.#secret = secret;
    this.signal = signal;
  }

  async list(): Promise<SpoolListing> {
    return spoolListing.parse(await (await this.#ask('', {})).json());
  }

  async get(name: string, from: number, to: string): Promise<void> {
    const answer = await this.#ask(`/${name}`, from > 0 ? { range: `bytes=${from}-` } : {});
    if (!answer.body) return;
    const flags = from > 0 && answer.status === 206 ? 'a' : 'w';
    await pipeline(answer.body, createWriteStream(to, { flags, flush: true }));
  }

  async #ask(path: string, headers: Record<string, string>): Promise<Response> {
    const answer = await fetch(this.#url + path, {
      headers: { authorization: `Bearer ${this.#secret}`, ...headers },
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(silentAfterMs)]),
    });
    if (!answer.ok) throw new Error(`the other worker answered ${answer.status}`);
    return answer;
  }
}
