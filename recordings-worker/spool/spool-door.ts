import { createHash, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { id } from '#contract/primitives.ts';
import type { FollowDoor } from '../follow/follow-door.ts';
import { callFolder, eventsSuffix } from './spool-layout.ts';

/** What a worker answers about a call: its segments' files, and the spool it speaks for. */
export const spoolListing = z.object({
  spoolId: id,
  files: z.array(z.object({ name: z.string(), bytes: z.number().int(), sha256: z.string() })),
});
export type SpoolListing = z.infer<typeof spoolListing>;

const segmentFile = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.(events\.jsonl|rtpdump)$/;
export const isSegmentFile = (name: string): boolean => segmentFile.test(name);

export interface SpoolDoorOptions {
  readonly spoolDir: string;
  readonly spoolId: string;
  /** What the other worker must show. */
  readonly secret: () => Promise<string>;
  /** Answers what is below `/spool/CALL/follow`: a call's packets by time, while it is being recorded. */
  readonly follow: FollowDoor;
}

export type SpoolDoor = (
  request: IncomingMessage,
  response: ServerResponse,
  pathname: string,
) => Promise<void>;

/**
 * Gives other workers what this spool holds of one call: `GET /spool/CALL` lists the files of its segments with sizes
 * and SHA-256, `GET /spool/CALL/FILE` gives one, from `Range: bytes=N-` on. Both want `Authorization: Bearer SECRET`.
 */
export function createSpoolDoor({ spoolDir, spoolId, secret, follow }: SpoolDoorOptions): SpoolDoor {
  return async (request, response, pathname) => {
    const refuse = (status: number, code: string) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code } }));
    };
    if (!sameText(request.headers.authorization ?? '', `Bearer ${await secret()}`)) {
      return refuse(401, 'worker.unknown');
    }
    const [, , callId = '', name, ...more] = pathname.split('/');
    if (!id.safeParse(callId).success) return refuse(404, 'route.unknown');
    if (name === 'follow' && more.length <= 1) return follow(request, response, { callId, what: more[0] });
    if (more.length > 0) return refuse(404, 'route.unknown');
    const folder = callFolder(spoolDir, callId);
    if (name === undefined) {
      const listing: SpoolListing = { spoolId, files: await list(folder) };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(listing));
      return;
    }
    const facts = isSegmentFile(name) ? await stat(join(folder, name)).catch(() => undefined) : undefined;
    if (!facts) return refuse(404, 'spool.unknown');
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from > facts.size) return refuse(416, 'spool.range');
    const type = name.endsWith(eventsSuffix) ? 'application/jsonl' : 'application/octet-stream';
    response.writeHead(from > 0 ? 206 : 200, {
      'content-type': type,
      'content-length': facts.size - from,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${facts.size - 1}/${facts.size}` } : {}),
    });
    if (from === facts.size) response.end();
    // A writer may be at it: what was promised is what is sent.
    else await pipeline(createReadStream(join(folder, name), { start: from, end: facts.size - 1 }), response);
  };
}

/** In a time that says nothing about how much of it was right. */
function sameText(given: string, expected: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}

async function list(folder: string): Promise<SpoolListing['files']> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return Promise.all(
    names.filter(isSegmentFile).map(async (name) => ({ name, ...(await digestOf(join(folder, name))) })),
  );
}

export async function digestOf(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
