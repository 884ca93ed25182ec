import { randomBytes } from 'node:crypto';
import type { StoredPart, Upload } from './catalogue.ts';
import { type ChecksumType, checksumAlgorithms, checksumHeader, parseAlgorithm } from './checksums.ts';
import { S3Error } from './errors.ts';
import { completeMultipartUpload } from './multipart-completion.ts';
import { attributeHeaders, encryptionHeader, readAttributes } from './object-attributes.ts';
import { openBody } from './request-body.ts';
import { type Operation, queryNumber, type Reply, type S3Request } from './s3-request.ts';
import { xmlDocument } from './xml.ts';

export const maxPartNumber = 10_000;

export const multipartOperations: Operation[] = [
  {
    name: 'CreateMultipartUpload',
    method: 'POST',
    level: 'object',
    needs: ['uploads'],
    headers: [...attributeHeaders, 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
    run: createMultipartUpload,
  },
  {
    name: 'UploadPart',
    method: 'PUT',
    level: 'object',
    needs: ['partNumber', 'uploadId'],
    takesBody: true,
    run: uploadPart,
  },
  {
    name: 'CompleteMultipartUpload',
    method: 'POST',
    level: 'object',
    needs: ['uploadId'],
    takesBody: true,
    headers: ['x-amz-checksum-type', 'x-amz-mp-object-size', 'if-none-match', 'if-match'],
    run: completeMultipartUpload,
  },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    level: 'object',
    needs: ['uploadId'],
    run: abortMultipartUpload,
  },
];

async function createMultipartUpload(request: S3Request): Promise<Reply> {
  const { bucket, key, catalogue } = request;
  const attributes = readAttributes(request);
  const checksum = uploadChecksum(request);
  const id = randomBytes(24).toString('base64url');
  const upload: Upload = { id, bucket, key, startedAtMs: request.nowMs, attributes, checksum };
  await catalogue.commit(() => {
    catalogue.bucket(bucket);
    return { change: 'start-upload', upload };
  });
  return {
    status: 200,
    headers: {
      ...encryptionHeader(attributes),
      ...(checksum && {
        'x-amz-checksum-algorithm': checksum.algorithm,
        'x-amz-checksum-type': checksum.type,
      }),
    },
    body: xmlDocument('InitiateMultipartUploadResult', [
      ['Bucket', bucket],
      ['Key', key],
      ['UploadId', id],
    ]),
  };
}

/** What the whole object's checksum will be: CRC64NVME is of the whole object, SHA of the parts' sums, CRC32(C) either. */
function uploadChecksum(request: S3Request): Upload['checksum'] {
  const name = request.header('x-amz-checksum-algorithm');
  const type = request.header('x-amz-checksum-type')?.toUpperCase();
  if (name === undefined && type === undefined) return undefined;
  const algorithm = parseAlgorithm(name ?? '');
  if (!algorithm) {
    throw new S3Error(
      'InvalidRequest',
      `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${checksumAlgorithms.join(', ')}]`,
    );
  }
  const possible: ChecksumType[] =
    algorithm === 'CRC64NVME'
      ? ['FULL_OBJECT']
      : algorithm.startsWith('SHA')
        ? ['COMPOSITE']
        : ['COMPOSITE', 'FULL_OBJECT'];
  const chosen = type === undefined ? possible[0] : possible.find((candidate) => candidate === type);
  if (!chosen) {
    throw new S3Error(
      'InvalidRequest',
      `The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
    );
  }
  return { algorithm, type: chosen };
}

async function uploadPart(request: S3Request): Promise<Reply> {
  const { bucket, key, catalogue, blobs } = request;
  const id = request.query.get('uploadId')!;
  const number = queryNumber(request, 'partNumber', 0, 1, maxPartNumber);
  const upload = catalogue.upload(bucket, key, id);
  const body = openBody(request);
  const wanted = upload.checksum?.algorithm;
  if (wanted && wanted !== body.algorithm) {
    throw new S3Error(
      'InvalidRequest',
      `Checksum Type mismatch occurred, expected checksum Type: ${wanted}, actual checksum Type: ${body.algorithm}`,
    );
  }
  const blob = await blobs.write(body.chunks);
  const { bytes, md5, checksum } = body.received();
  const etag = md5.toString('hex');
  const part: StoredPart = {
    blob,
    bytes,
    etag,
    modifiedAtMs: request.nowMs,
    checksum: wanted && checksum?.value,
  };
  await catalogue.commit(() => {
    catalogue.upload(bucket, key, id);
    return { change: 'put-part', upload: id, number, part };
  }, blob);
  return {
    status: 200,
    headers: {
      etag: `"${etag}"`,
      ...(checksum && { [checksumHeader(checksum.algorithm)]: checksum.value }),
      ...encryptionHeader(upload.attributes),
    },
  };
}

async function abortMultipartUpload({ bucket, key, query, catalogue }: S3Request): Promise<Reply> {
  const id = query.get('uploadId')!;
  await catalogue.commit(() => {
    catalogue.upload(bucket, key, id);
    return { change: 'abort-upload', upload: id };
  });
  return { status: 204 };
}
