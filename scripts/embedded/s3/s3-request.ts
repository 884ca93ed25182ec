import type { FileHandle } from 'node:fs/promises';
import type { BlobStore } from './blob-store.ts';
import type { Catalogue } from './catalogue.ts';
import { S3Error } from './errors.ts';
import type { VerifiedSignature } from './signature-v4.ts';

/** Where a request goes: the parts of its target, decoded. Path-style only. */
export interface Target {
  path: string;
  /** empty for the service itself */
  bucket: string;
  /** empty for the bucket itself */
  key: string;
  query: [string, string][];
}

/** A request whose sender is known. */
export interface S3Request {
  bucket: string;
  key: string;
  query: ReadonlyMap<string, string>;
  /** A header; of a presigned URL also the x-amz- header that was moved into its query. */
  header(name: string): string | undefined;
  /** Names of all headers of that kind. */
  headerNames(prefix: string): string[];
  signature: VerifiedSignature;
  nowMs: number;
  /** The body as it came over the wire; to be called once. */
  bodyBytes(): AsyncIterable<Buffer>;
  catalogue: Catalogue;
  blobs: BlobStore;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** an XML document */
  body?: string;
  /** bytes of a blob; the handle is closed by whoever sends them */
  file?: { handle: FileHandle; start: number; length: number };
}

export interface Operation {
  /** as in the SDK, without "Command" */
  name: string;
  method: string;
  level: 'bucket' | 'object';
  /** query parameters that must be there for it to be this operation */
  needs?: readonly string[];
  /** other query parameters it understands; any else is refused */
  query?: readonly string[];
  /** whether it reads a body; for any other the body must be empty */
  takesBody?: boolean;
  /** x-amz- and if- headers it understands (a trailing `-` stands for a family); any else is refused */
  headers?: readonly string[];
  run(request: S3Request): Promise<Reply> | Reply;
}

const maxKeyBytes = 1024;

/** @throws S3Error InvalidURI, InvalidArgument, KeyTooLongError */
export function parseTarget(url: string): Target {
  const questionMark = url.indexOf('?');
  const rawPath = questionMark < 0 ? url : url.slice(0, questionMark);
  const rawQuery = questionMark < 0 ? '' : url.slice(questionMark + 1);
  if (!rawPath.startsWith('/')) throw new S3Error('InvalidURI');
  const path = decode(rawPath);
  const slash = path.indexOf('/', 1);
  const bucket = slash < 0 ? path.slice(1) : path.slice(1, slash);
  const key = slash < 0 ? '' : path.slice(slash + 1);
  if (Buffer.byteLength(key) > maxKeyBytes) {
    throw new S3Error('KeyTooLongError', undefined, { MaxSizeAllowed: String(maxKeyBytes) });
  }
  const query = rawQuery
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const equals = pair.indexOf('=');
      const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' '))];
    });
  const names = query.map(([name]) => name);
  if (new Set(names).size !== names.length) {
    throw new S3Error('InvalidArgument', 'A query parameter was given more than once');
  }
  return { path, bucket, key, query };
}

/** A whole number from the query. @throws S3Error InvalidArgument */
export function queryNumber(
  request: S3Request,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const text = request.query.get(name);
  if (text === undefined) return fallback;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (value < min || value > max) {
    throw new S3Error('InvalidArgument', `${name} must be an integer between ${min} and ${max}`, {
      ArgumentName: name,
      ArgumentValue: text,
    });
  }
  return value;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI');
  }
}
