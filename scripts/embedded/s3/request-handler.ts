import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type BlobStore, readRange } from './blob-store.ts';
import { bucketOperations } from './bucket-operations.ts';
import type { Catalogue } from './catalogue.ts';
import { checksumAlgorithms, checksumHeader } from './checksums.ts';
import { crossOriginHeaders, preflight } from './cross-origin.ts';
import { errorXml, S3Error } from './errors.ts';
import {
  ConnectionCut,
  cutAfter,
  type FaultEffects,
  type FaultPlan,
  pause,
  throttled,
  withFlippedByte,
} from './faults.ts';
import { listingOperations } from './listing-operations.ts';
import { multipartOperations } from './multipart-operations.ts';
import { objectOperations } from './object-operations.ts';
import { readText } from './request-body.ts';
import { type Operation, parseTarget, type Reply, type S3Request, type Target } from './s3-request.ts';
import { type Credentials, verifySignature } from './signature-v4.ts';

/** The first that fits is taken, so those that need a query parameter come before the plain ones. */
const operations = [...multipartOperations, ...listingOperations, ...bucketOperations, ...objectOperations];

const signatureQuery = /^X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Content-Sha256)$/;
const commonHeaders = [
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-user-agent',
  'x-amz-decoded-content-length',
  'x-amz-trailer',
  'x-amz-sdk-checksum-algorithm',
  ...checksumAlgorithms.map(checksumHeader),
];

export interface Store {
  catalogue: Catalogue;
  blobs: BlobStore;
  credentials: Credentials;
  faults: FaultPlan;
}

/** Answers one request; never throws. `awaitsContinue`: the client holds its body back for a 100 (Continue). */
export async function handleRequest(
  store: Store,
  req: IncomingMessage,
  res: ServerResponse,
  awaitsContinue: boolean,
): Promise<void> {
  const requestId = randomBytes(8).toString('hex').toUpperCase();
  res.setHeader('x-amz-request-id', requestId);
  res.setHeader('server', 'embedded-s3');
  for (const [name, value] of Object.entries(crossOriginHeaders(req.headers))) res.setHeader(name, value);
  try {
    if (req.method === 'OPTIONS') return await send(req, res, preflight(req.headers));
    const target = parseTarget(req.url ?? '');
    const headers = { ...req.headersDistinct };
    const operation = findOperation(req.method ?? '', target);
    const effects = store.faults.take(operation?.name ?? '', target.key);
    if (effects.latencyMs > 0) await pause(effects.latencyMs);
    if (effects.reset) throw cutNow(req);
    if (effects.slowDown) throw new S3Error('SlowDown');
    const nowMs = Date.now();
    const signature = verifySignature(
      { method: req.method ?? '', ...target, headers },
      store.credentials,
      nowMs,
    );
    const continueBody = awaitsContinue ? () => res.writeContinue() : () => undefined;
    const request: S3Request = {
      ...target,
      ...store,
      ...headerAccess(headers, target, signature.presigned),
      query: new Map(target.query),
      signature,
      nowMs,
      bodyBytes: () => wireBytes(req, effects, continueBody),
    };
    if (!operation) throw new S3Error('NotImplemented');
    refuseUnknown(operation, request, signature.presigned);
    if (!operation.takesBody && (await readText(request)) !== '') {
      throw new S3Error('InvalidRequest', 'The request has a body where there must be none');
    }
    await send(req, res, await operation.run(request), effects);
  } catch (error) {
    await sendError(req, res, error, requestId);
  }
}

function findOperation(method: string, { bucket, key, query }: Target): Operation | undefined {
  const level = key !== '' ? 'object' : bucket !== '' ? 'bucket' : 'none';
  const has = (name: string) => query.some(([candidate]) => candidate === name);
  return operations.find(
    (operation) =>
      operation.method === method && operation.level === level && (operation.needs ?? []).every(has),
  );
}

/** Reads headers; those that a presigner moved into the query count as headers. */
function headerAccess(
  headers: Record<string, string[] | undefined>,
  target: Target,
  presigned: boolean,
): Pick<S3Request, 'header' | 'headerNames'> {
  const all = new Map<string, string>();
  for (const [name, value] of presigned ? target.query : []) {
    if (isMovedHeader(name)) all.set(name.toLowerCase(), value);
  }
  for (const [name, values] of Object.entries(headers)) if (values) all.set(name, values.join(', '));
  return {
    header: (name) => all.get(name),
    headerNames: (prefix) => [...all.keys()].filter((name) => name.startsWith(prefix)),
  };
}

function isMovedHeader(parameter: string): boolean {
  return /^x-amz-/i.test(parameter) && !signatureQuery.test(parameter);
}

/** What is not understood is refused, never passed over. */
function refuseUnknown(operation: Operation, request: S3Request, presigned: boolean): void {
  const parameters = [...(operation.needs ?? []), ...(operation.query ?? []), 'x-id'];
  for (const name of request.query.keys()) {
    if (presigned && (signatureQuery.test(name) || isMovedHeader(name))) continue;
    if (!parameters.includes(name)) {
      throw new S3Error('NotImplemented', `The query parameter ${name} is not implemented here`);
    }
  }
  const understood = [...commonHeaders, ...(operation.headers ?? [])];
  for (const name of [...request.headerNames('x-amz-'), ...request.headerNames('if-')]) {
    if (!understood.some((known) => (known.endsWith('-') ? name.startsWith(known) : name === known))) {
      throw new S3Error('NotImplemented', `The header ${name} is not implemented here`, { Header: name });
    }
  }
}

async function* wireBytes(
  req: IncomingMessage,
  effects: FaultEffects,
  continueBody: () => void,
): AsyncGenerator<Buffer> {
  continueBody();
  // a refusal in the middle of the body must still find its connection open
  const bytes: AsyncIterable<Buffer> = req.iterator({ destroyOnReturn: false });
  const slow = throttled(bytes, effects.bytesPerSecond);
  const cut = effects.cutRequestAfter;
  yield* Number.isFinite(cut) ? cutAfter(slow, cut, () => req.socket.resetAndDestroy()) : slow;
}

async function send(
  req: IncomingMessage,
  res: ServerResponse,
  reply: Reply,
  effects?: FaultEffects,
): Promise<void> {
  const { status, headers = {}, body, file } = reply;
  try {
    if (effects?.cutResponseAfter === 0) throw cutNow(req);
    if (body !== undefined) {
      headers['content-type'] = 'application/xml';
      headers['content-length'] = String(Buffer.byteLength(body));
    } else if (headers['content-length'] === undefined && status !== 204 && status !== 304) {
      headers['content-length'] = '0';
    }
    res.writeHead(status, headers);
    if (file) await pipeline(fileBytes(file, req, effects), res);
    else if (body !== undefined)
      await pipeline(faulty(Readable.from([Buffer.from(body)]), req, effects), res);
    else res.end();
  } finally {
    await file?.handle.close();
  }
}

function fileBytes(
  { handle, start, length }: NonNullable<Reply['file']>,
  req: IncomingMessage,
  effects: FaultEffects | undefined,
): AsyncIterable<Buffer> {
  const bytes = readRange(handle, start, length);
  const flipAt = effects?.flipByteAt ?? -1;
  return faulty(flipAt < 0 ? bytes : withFlippedByte(bytes, flipAt), req, effects);
}

function faulty(
  bytes: AsyncIterable<Buffer>,
  req: IncomingMessage,
  effects: FaultEffects | undefined,
): AsyncIterable<Buffer> {
  if (!effects) return bytes;
  const slow = throttled(bytes, effects.bytesPerSecond);
  const cut = effects.cutResponseAfter;
  return Number.isFinite(cut) ? cutAfter(slow, cut, () => req.socket.destroySoon()) : slow;
}

async function sendError(
  req: IncomingMessage,
  res: ServerResponse,
  error: unknown,
  requestId: string,
): Promise<void> {
  if (req.socket.destroyed || res.headersSent || isDisconnect(error)) {
    if (!isDisconnect(error)) report(error, requestId);
    if (!req.socket.destroyed) req.socket.destroySoon();
    return;
  }
  let known: S3Error;
  if (error instanceof S3Error) {
    known = error;
  } else {
    report(error, requestId);
    known = new S3Error('InternalError');
  }
  const body = req.method === 'HEAD' ? '' : errorXml(known, (req.url ?? '').split('?')[0]!, requestId);
  res.writeHead(known.status, {
    ...known.headers,
    'content-type': 'application/xml',
    'content-length': String(Buffer.byteLength(body)),
  });
  res.end(body);
}

function cutNow(req: IncomingMessage): ConnectionCut {
  req.socket.resetAndDestroy();
  return new ConnectionCut();
}

/** The client went away, or a fault made it so; a pipeline reports several of these at once. */
function isDisconnect(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isDisconnect);
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return (
    error instanceof ConnectionCut || ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code)
  );
}

function report(error: unknown, requestId: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${JSON.stringify({ level: 'error', requestId, error: text })}\n`);
}
