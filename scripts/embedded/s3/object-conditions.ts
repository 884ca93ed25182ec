import type { StoredObject } from './catalogue.ts';
import { S3Error } from './errors.ts';
import type { S3Request } from './s3-request.ts';

/**
 * The conditions of a GET or HEAD (RFC 9110 §13.2.2).
 * @returns false if the answer is 304
 * @throws S3Error PreconditionFailed
 */
export function wantsObject(request: S3Request, object: StoredObject): boolean {
  const ifMatch = request.header('if-match');
  const unmodifiedSince = httpDate(request.header('if-unmodified-since'));
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) throw failed('If-Match');
  } else if (unmodifiedSince !== undefined && seconds(object) > unmodifiedSince) {
    throw failed('If-Unmodified-Since');
  }
  const ifNoneMatch = request.header('if-none-match');
  const modifiedSince = httpDate(request.header('if-modified-since'));
  if (ifNoneMatch !== undefined) return !matches(ifNoneMatch, object.etag);
  return modifiedSince === undefined || seconds(object) > modifiedSince;
}

/**
 * The conditions of a write: `If-None-Match: *` (only if new) and `If-Match: etag` (only over that one).
 * @throws S3Error PreconditionFailed, NoSuchKey, NotImplemented
 */
export function checkWriteConditions(request: S3Request, existing: StoredObject | undefined): void {
  const ifNoneMatch = request.header('if-none-match');
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new S3Error('NotImplemented', 'If-None-Match of a write takes only *');
  }
  if (ifNoneMatch && existing) throw failed('If-None-Match');
  const ifMatch = request.header('if-match');
  if (ifMatch === undefined) return;
  if (!existing) throw new S3Error('NoSuchKey', undefined, { Key: request.key });
  if (!matches(ifMatch, existing.etag)) throw failed('If-Match');
}

/**
 * The bytes asked for by `Range`, or undefined for all of them. As in S3, more than one range, other units and
 * malformed ranges are as if there were none (RFC 9110 §14.2 leaves that to the server).
 * @throws S3Error InvalidRange
 */
export function requestedRange(
  request: S3Request,
  object: StoredObject,
): { start: number; length: number } | undefined {
  const text = request.header('range');
  const match = text === undefined ? null : /^bytes=(\d*)-(\d*)$/.exec(text.trim());
  const ifRange = request.header('if-range');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (ifRange !== undefined && !rangeStillValid(ifRange, object)) return undefined;
  const [first, last] = [match[1], match[2]].map((digits) => (digits ? Number(digits) : undefined));
  if (first !== undefined && last !== undefined && last < first) return undefined;
  const start = first ?? Math.max(0, object.bytes - last!);
  if (start >= object.bytes) {
    throw new S3Error(
      'InvalidRange',
      undefined,
      { ActualObjectSize: String(object.bytes), RangeRequested: text! },
      { 'content-range': `bytes */${object.bytes}` },
    );
  }
  const end = first === undefined ? object.bytes - 1 : Math.min(last ?? object.bytes - 1, object.bytes - 1);
  return { start, length: end - start + 1 };
}

function rangeStillValid(ifRange: string, object: StoredObject): boolean {
  const date = httpDate(ifRange);
  return date === undefined ? ifRange === `"${object.etag}"` : date === seconds(object);
}

function matches(list: string, etag: string): boolean {
  return list
    .split(',')
    .map((item) => item.trim().replace(/^W\//, '').replaceAll('"', ''))
    .some((item) => item === '*' || item === etag);
}

/** Seconds since 1970, the resolution of HTTP dates. */
function seconds(object: StoredObject): number {
  return Math.floor(object.modifiedAtMs / 1000);
}

/** An invalid date is as if the header were not there (RFC 9110 §13.1.3). */
function httpDate(text: string | undefined): number | undefined {
  const ms = text === undefined || text.startsWith('"') ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

function failed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', undefined, { Condition: condition });
}
