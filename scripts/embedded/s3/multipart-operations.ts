import { createHash, randomBytes } from 'node:crypto';
import type { StoredPart, Upload, UploadState } from './catalogue.ts';
import {
  type Checksum,
  type ChecksumType,
  checksumAlgorithms,
  checksumHeader,
  compositeChecksum,
  parseAlgorithm,
  startChecksum,
} from './checksums.ts';
import { S3Error } from './errors.ts';
import { attributeHeaders, encryptionHeader, readAttributes } from './object-attributes.ts';
import { checkWriteConditions } from './object-conditions.ts';
import { bodyHeaders } from './object-operations.ts';
import { openBody, readDocument } from './request-body.ts';
import { type Operation, queryNumber, type Reply, type S3Request } from './s3-request.ts';
import { childText, type XmlElement, type XmlField, xmlDocument } from './xml.ts';

export const maxPartNumber = 10_000;
const minPartBytes = 5 * 1024 ** 2;

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
    headers: bodyHeaders,
    run: uploadPart,
  },
  {
    name: 'CompleteMultipartUpload',
    method: 'POST',
    level: 'object',
    needs: ['uploadId'],
    headers: [...bodyHeaders, 'x-amz-checksum-type', 'x-amz-mp-object-size', 'if-none-match', 'if-match'],
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
  const blob = await blobs.write(body.chunks);
  try {
    const { bytes, md5, checksum } = body.received();
    if (upload.checksum && upload.checksum.algorithm !== checksum?.algorithm) {
      throw new S3Error(
        'InvalidRequest',
        `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.algorithm.toLowerCase()}, actual checksum Type: ${checksum?.algorithm.toLowerCase() ?? 'null'}`,
      );
    }
    const etag = md5.toString('hex');
    const kept = upload.checksum && checksum?.value;
    const part: StoredPart = { blob, bytes, etag, modifiedAtMs: request.nowMs, checksum: kept };
    await catalogue.commit(() => {
      catalogue.upload(bucket, key, id);
      return { change: 'put-part', upload: id, number, part };
    });
    return {
      status: 200,
      headers: {
        etag: `"${etag}"`,
        ...(checksum && { [checksumHeader(checksum.algorithm)]: checksum.value }),
        ...encryptionHeader(upload.attributes),
      },
    };
  } catch (error) {
    await blobs.remove([blob]);
    throw error;
  }
}

async function completeMultipartUpload(request: S3Request): Promise<Reply> {
  const { bucket, key, catalogue, blobs } = request;
  const id = request.query.get('uploadId')!;
  const upload = catalogue.upload(bucket, key, id);
  const document = await readDocument(withoutObjectChecksum(request), 'CompleteMultipartUpload');
  const parts = chosenParts(upload, document);
  const existing = () => catalogue.bucket(bucket).objects.get(key);
  checkWriteConditions(request, existing());

  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const md5 = createHash('md5');
  for (const part of parts) md5.update(part.etag, 'hex');
  const etag = `${md5.digest('hex')}-${parts.length}`;
  checkDeclaredSize(request, bytes);

  const { blob, checksum } = await assemble(request, upload, parts);
  try {
    checkObjectChecksum(request, upload, checksum);
    await catalogue.commit(() => {
      const now = catalogue.upload(bucket, key, id);
      if (!parts.every((part) => [...now.parts.values()].includes(part))) throw new S3Error('InvalidPart');
      checkWriteConditions(request, existing());
      const { attributes } = upload;
      const object = { blob, bytes, etag, modifiedAtMs: request.nowMs, attributes, checksum };
      return { change: 'put-object', bucket, key, object, fromUpload: id };
    });
  } catch (error) {
    await blobs.remove([blob]);
    throw error;
  }
  const body = xmlDocument('CompleteMultipartUploadResult', [
    ['Location', `http://${request.header('host')}/${bucket}/${encodeURI(key)}`],
    ['Bucket', bucket],
    ['Key', key],
    ['ETag', `"${etag}"`],
    ...(checksum ? checksumFields(checksum) : []),
  ]);
  return { status: 200, headers: encryptionHeader(upload.attributes), body };
}

/** On this request x-amz-checksum-… is of the object to be, not of the XML that is sent. */
function withoutObjectChecksum(request: S3Request): S3Request {
  return {
    ...request,
    header: (name) => (name.startsWith('x-amz-checksum-') ? undefined : request.header(name)),
  };
}

/** The parts that the client names, checked against those that were uploaded. */
function chosenParts(upload: UploadState, document: XmlElement): StoredPart[] {
  if (document.children.length === 0) throw new S3Error('MalformedXML');
  let previous = 0;
  return document.children.map((element, index) => {
    const text = childText(element, 'PartNumber') ?? '';
    if (element.name !== 'Part' || !/^\d{1,5}$/.test(text)) throw new S3Error('MalformedXML');
    const number = Number(text);
    if (number <= previous) throw new S3Error('InvalidPartOrder', undefined, { UploadId: upload.id });
    if (upload.checksum?.type === 'COMPOSITE' && number !== previous + 1) {
      throw new S3Error('InvalidRequest', 'Parts with checksums must be numbered 1, 2, 3 and so on.');
    }
    previous = number;
    const etag = childText(element, 'ETag')?.replaceAll('"', '');
    const part = upload.parts.get(number);
    const invalid = { UploadId: upload.id, PartNumber: text, ETag: etag ?? '' };
    if (part?.etag !== etag || !part) throw new S3Error('InvalidPart', undefined, invalid);
    for (const algorithm of checksumAlgorithms) {
      const given = childText(element, `Checksum${algorithm}`);
      const expected = algorithm === upload.checksum?.algorithm ? part.checksum : undefined;
      if (given !== undefined && given !== expected) throw new S3Error('InvalidPart', undefined, invalid);
      if (given === undefined && expected !== undefined && upload.checksum?.type === 'COMPOSITE') {
        throw new S3Error(
          'InvalidRequest',
          `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
        );
      }
    }
    if (part.bytes < minPartBytes && index < document.children.length - 1) {
      throw new S3Error('EntityTooSmall', undefined, {
        ProposedSize: String(part.bytes),
        MinSizeAllowed: String(minPartBytes),
        PartNumber: text,
        ETag: part.etag,
      });
    }
    return part;
  });
}

/** Joins the parts into one blob and, where it is wanted, sums the whole up. */
async function assemble(
  { blobs, catalogue, bucket, key }: S3Request,
  upload: UploadState,
  parts: StoredPart[],
): Promise<{ blob: string; checksum: Checksum | undefined }> {
  const { algorithm, type } = upload.checksum ?? {};
  const sum = algorithm && type === 'FULL_OBJECT' ? startChecksum(algorithm) : undefined;
  async function* joined(): AsyncGenerator<Buffer> {
    for (const part of parts) {
      for await (const chunk of blobs.read(part.blob)) {
        sum?.update(chunk);
        yield chunk;
      }
    }
  }
  try {
    const blob = await blobs.write(joined());
    if (!algorithm || !type) return { blob, checksum: undefined };
    const value = sum
      ? sum.digest().toString('base64')
      : compositeChecksum(
          algorithm,
          parts.map((part) => part.checksum!),
        );
    return { blob, checksum: { algorithm, value, type } };
  } catch (error) {
    // aborted, completed or a part replaced while it was being read
    catalogue.upload(bucket, key, upload.id);
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? new S3Error('OperationAborted') : error;
  }
}

function checkDeclaredSize(request: S3Request, bytes: number): void {
  const declared = request.header('x-amz-mp-object-size');
  if (declared !== undefined && declared !== String(bytes)) {
    throw new S3Error(
      'InvalidRequest',
      'The provided x-amz-mp-object-size does not match the size of the object.',
    );
  }
}

function checkObjectChecksum(request: S3Request, upload: UploadState, checksum: Checksum | undefined): void {
  const type = request.header('x-amz-checksum-type');
  if (type !== undefined && type.toUpperCase() !== upload.checksum?.type) {
    throw new S3Error(
      'InvalidRequest',
      'The x-amz-checksum-type differs from the one the upload was created with.',
    );
  }
  for (const algorithm of checksumAlgorithms) {
    const given = request.header(checksumHeader(algorithm));
    if (given === undefined) continue;
    if (algorithm !== checksum?.algorithm) {
      throw new S3Error('InvalidRequest', `The upload was not created using a ${algorithm} checksum.`);
    }
    if (given !== checksum.value) {
      throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
    }
  }
}

function checksumFields({ algorithm, value, type }: Checksum): XmlField[] {
  return [
    [`Checksum${algorithm}`, value],
    ['ChecksumType', type],
  ];
}

async function abortMultipartUpload({ bucket, key, query, catalogue }: S3Request): Promise<Reply> {
  const id = query.get('uploadId')!;
  await catalogue.commit(() => {
    catalogue.upload(bucket, key, id);
    return { change: 'abort-upload', upload: id };
  });
  return { status: 204 };
}
