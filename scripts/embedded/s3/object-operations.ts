import type { FileHandle } from 'node:fs/promises';
import type { StoredObject } from './catalogue.ts';
import type { Checksum } from './checksums.ts';
import { S3Error } from './errors.ts';
import {
  attributeHeaders,
  checksumHeaders,
  encryptionHeader,
  objectHeaders,
  overrideParameters,
  readAttributes,
} from './object-attributes.ts';
import { checkWriteConditions, requestedRange, wantsObject } from './object-conditions.ts';
import { openBody } from './request-body.ts';
import type { Operation, Reply, S3Request } from './s3-request.ts';

const readHeaders = [
  'x-amz-checksum-mode',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
];

export const objectOperations: Operation[] = [
  {
    name: 'PutObject',
    method: 'PUT',
    level: 'object',
    takesBody: true,
    headers: [...attributeHeaders, 'if-none-match', 'if-match'],
    run: putObject,
  },
  {
    name: 'GetObject',
    method: 'GET',
    level: 'object',
    query: overrideParameters,
    headers: readHeaders,
    run: getObject,
  },
  {
    name: 'HeadObject',
    method: 'HEAD',
    level: 'object',
    query: overrideParameters,
    headers: readHeaders,
    run: headObject,
  },
  { name: 'DeleteObject', method: 'DELETE', level: 'object', run: deleteObject },
];

async function putObject(request: S3Request): Promise<Reply> {
  const { bucket, key, catalogue, blobs } = request;
  const attributes = readAttributes(request);
  const existing = () => catalogue.bucket(bucket).objects.get(key);
  checkWriteConditions(request, existing());
  const body = openBody(request);
  const blob = await blobs.write(body.chunks);
  const { bytes, md5, checksum: sum } = body.received();
  const checksum: Checksum | undefined = sum && { ...sum, type: 'FULL_OBJECT' };
  const etag = md5.toString('hex');
  await catalogue.commit(() => {
    checkWriteConditions(request, existing());
    const object = { blob, bytes, etag, modifiedAtMs: request.nowMs, attributes, checksum };
    return { change: 'put-object', bucket, key, object };
  }, blob);
  return {
    status: 200,
    headers: { etag: `"${etag}"`, ...checksumHeaders({ checksum }), ...encryptionHeader(attributes) },
  };
}

async function getObject(request: S3Request): Promise<Reply> {
  const { object, handle } = await openObject(request);
  try {
    const reply = describe(request, object);
    if (reply.status === 304) {
      await handle.close();
      return reply;
    }
    const range = requestedRange(request, object) ?? { start: 0, length: object.bytes };
    return { ...reply, file: { handle, ...range } };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function headObject(request: S3Request): Reply {
  return describe(request, request.catalogue.object(request.bucket, request.key));
}

/** Opens an object's bytes; when it is replaced between look-up and opening, the new one is taken. */
async function openObject(request: S3Request): Promise<{ object: StoredObject; handle: FileHandle }> {
  for (;;) {
    const object = request.catalogue.object(request.bucket, request.key);
    try {
      return { object, handle: await request.blobs.openForReading(object.blob) };
    } catch (error) {
      const current = request.catalogue.object(request.bucket, request.key);
      if (current.blob === object.blob) throw error;
    }
  }
}

/** Status and headers of a GET or HEAD. */
function describe(request: S3Request, object: StoredObject): Reply {
  const mode = request.header('x-amz-checksum-mode');
  if (mode !== undefined && mode.toUpperCase() !== 'ENABLED') {
    throw new S3Error('InvalidArgument', 'x-amz-checksum-mode takes only ENABLED');
  }
  const headers = objectHeaders(request, object);
  if (!wantsObject(request, object)) {
    const { etag, 'last-modified': lastModified, 'cache-control': cacheControl } = headers;
    return {
      status: 304,
      headers: {
        etag: etag!,
        'last-modified': lastModified!,
        ...(cacheControl && { 'cache-control': cacheControl }),
      },
    };
  }
  const range = requestedRange(request, object);
  headers['content-length'] = String(range?.length ?? object.bytes);
  if (range) {
    headers['content-range'] = `bytes ${range.start}-${range.start + range.length - 1}/${object.bytes}`;
  } else if (mode) {
    // a checksum of the whole says nothing about a part, so a ranged answer carries none
    Object.assign(headers, checksumHeaders(object));
  }
  return { status: range ? 206 : 200, headers };
}

async function deleteObject({ bucket, key, catalogue }: S3Request): Promise<Reply> {
  if (catalogue.bucket(bucket).objects.has(key)) {
    await catalogue.commit(() => ({ change: 'delete-objects', bucket, keys: [key] }));
  }
  return { status: 204 };
}
