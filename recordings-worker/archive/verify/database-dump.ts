import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** What of a recording's row the archive can be compared with. */
export interface DumpedRecording {
  readonly id: string;
  readonly state: string;
  readonly files: readonly { readonly key: string; readonly bytes: number; readonly sha256: string }[];
  readonly tombstone: { readonly key: string; readonly sha256: string } | null;
}

/** Numbers as `mongoexport` writes them, in either of its modes. */
const number = z.union([
  z.number(),
  z.object({ $numberInt: z.coerce.number() }).transform(({ $numberInt }) => $numberInt),
  z.object({ $numberLong: z.coerce.number() }).transform(({ $numberLong }) => $numberLong),
  z.object({ $numberDouble: z.coerce.number() }).transform(({ $numberDouble }) => $numberDouble),
]);
const row = z.object({
  _id: z.string(),
  state: z.string(),
  files: z.array(z.object({ key: z.string(), bytes: number, sha256: z.string() })).default([]),
  deletion: z
    .object({ tombstone: z.object({ key: z.string(), sha256: z.string() }).nullable().default(null) })
    .nullable()
    .default(null),
});

/**
 * The collection `recordings` as `mongoexport` writes it: one JSON document a line.
 * Throws an Error that names the line that cannot be read.
 */
export async function* readDatabaseDump(path: string): AsyncGenerator<DumpedRecording> {
  let at = 0;
  for await (const line of createInterface({
    input: createReadStream(path),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    at += 1;
    if (line.trim() === '') continue;
    let parsed: z.infer<typeof row>;
    try {
      parsed = row.parse(JSON.parse(line));
    } catch {
      throw new Error(`line ${at} of the database dump is not a recording as mongoexport writes it`);
    }
    const { _id, state, files, deletion } = parsed;
    yield { id: _id, state, files, tombstone: deletion?.tombstone ?? null };
  }
}
