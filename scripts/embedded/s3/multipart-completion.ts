import { createHash } from 'node:crypto';
import type { StoredPart, UploadState } from './catalogue.ts';
import {
  type Checksum,
  checksumAlgorithms,
  checksumHeader,
  compositeChecksum,
  startChecksum,
} from './checksums.ts';
import { S3Error } from './errors.ts';
import { encryptionHeader } from './object-attributes.ts';
import { checkWriteConditions } from './object-conditions.ts';
import { readDocument } from './request-body.ts';
import type { Reply, S3Request } from './s3-request.ts';
import { childText, type XmlElement, type XmlField, xmlDocument } from './xml.ts';

const minPartBytes = 5 * 1024 ** 2;

/** Makes one object of the parts that were uploaded. */
export async function completeMultipartUpload(request: S3Request): Promise<Reply> {
  const { bucket, key, catalogue } = request;
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
  await catalogue.commit(() => {
    checkObjectChecksum(request, upload, checksum);
    const now = catalogue.upload(bucket, key, id);
    if (!parts.every((part) => [...now.parts.values()].includes(part))) throw new S3Error('InvalidPart');
    checkWriteConditions(request, existing());
    const { attributes } = upload;
    const object = { blob, bytes, etag, modifiedAtMs: request.nowMs, attributes, checksum };
    return { change: 'put-object', bucket, key, object, fromUpload: id };
  }, blob);
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
  const named = document.children.map((element) => {
    const number = childText(element, 'PartNumber') ?? '';
    if (element.name !== 'Part' || !/^\d{1,5}$/.test(number)) throw new S3Error('MalformedXML');
    return { number: Number(number), element };
  });
  if (named.length === 0) throw new S3Error('MalformedXML');
  if (named.some(({ number }, index) => index > 0 && number <= named[index - 1]!.number)) {
    throw new S3Error('InvalidPartOrder', undefined, { UploadId: upload.id });
  }
  if (upload.checksum?.type === 'COMPOSITE' && named.some(({ number }, index) => number !== index + 1)) {
    throw new S3Error('InvalidRequest', 'Parts with checksums must be numbered 1, 2, 3 and so on.');
  }
  return named.map(({ number, element }, index) => {
    const part = namedPart(upload, number, element);
    if (part.bytes < minPartBytes && index < named.length - 1) {
      throw new S3Error('EntityTooSmall', undefined, {
        ProposedSize: String(part.bytes),
        MinSizeAllowed: String(minPartBytes),
        PartNumber: String(number),
        ETag: part.etag,
      });
    }
    return part;
  });
}

/** One part, found by number, entity tag and checksum. */
function namedPart(upload: UploadState, number: number, element: XmlElement): StoredPart {
  const etag = childText(element, 'ETag')?.replaceAll('"', '') ?? '';
  const part = upload.parts.get(number);
  const sums = checksumAlgorithms.map((algorithm) => ({
    given: childText(element, `Checksum${algorithm}`),
    stored: algorithm === upload.checksum?.algorithm ? part?.checksum : undefined,
  }));
  if (part?.etag !== etag || sums.some(({ given, stored }) => given !== undefined && given !== stored)) {
    const details = { UploadId: upload.id, PartNumber: String(number), ETag: etag };
    throw new S3Error('InvalidPart', undefined, details);
  }
  if (upload.checksum?.type === 'COMPOSITE' && sums.every(({ given }) => given === undefined)) {
    throw new S3Error(
      'InvalidRequest',
      `The complete request must include the checksum of each part. It was missing for part ${number}.`,
    );
  }
  return part;
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
