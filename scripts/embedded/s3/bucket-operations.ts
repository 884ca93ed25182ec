import { S3Error } from './errors.ts';
import { readDocument, readText } from './request-body.ts';
import type { Operation, Reply, S3Request } from './s3-request.ts';
import { childText, parseXml, type XmlField, xmlDocument } from './xml.ts';

const maxDeletes = 1000;

export const bucketOperations: Operation[] = [
  {
    name: 'DeleteObjects',
    method: 'POST',
    level: 'bucket',
    needs: ['delete'],
    takesBody: true,
    run: deleteObjects,
  },
  { name: 'CreateBucket', method: 'PUT', level: 'bucket', takesBody: true, run: createBucket },
  { name: 'HeadBucket', method: 'HEAD', level: 'bucket', run: headBucket },
  { name: 'DeleteBucket', method: 'DELETE', level: 'bucket', run: deleteBucket },
];

/** Checks a bucket's name (lower case, digits, `-` and `.`, 3 to 63). @throws S3Error InvalidBucketName */
export function checkBucketName(name: string): void {
  const valid = /^(?=.{3,63}$)[a-z0-9]+(?:[.-]+[a-z0-9]+)*$/.test(name) && !/\.\.|\.-|-\./.test(name);
  if (!valid || /^[\d.]+$/.test(name)) {
    throw new S3Error('InvalidBucketName', undefined, { BucketName: name });
  }
}

async function createBucket(request: S3Request): Promise<Reply> {
  const { bucket, catalogue, nowMs } = request;
  checkBucketName(bucket);
  const text = await readText(request);
  if (text !== '') checkBucketConfiguration(text);
  await catalogue.commit(() => {
    if (catalogue.hasBucket(bucket)) {
      throw new S3Error('BucketAlreadyOwnedByYou', undefined, { BucketName: bucket });
    }
    return { change: 'create-bucket', bucket, atMs: nowMs };
  });
  return { status: 200, headers: { location: `/${bucket}` } };
}

/** A location is taken as it is (there is only this place); anything else asks for what is not here. */
function checkBucketConfiguration(text: string): void {
  let names: string[];
  try {
    const root = parseXml(text);
    if (root.name !== 'CreateBucketConfiguration') throw new S3Error('MalformedXML');
    names = root.children.map((child) => child.name);
  } catch {
    throw new S3Error('MalformedXML');
  }
  if (names.some((name) => name !== 'LocationConstraint')) throw new S3Error('NotImplemented');
}

function headBucket({ bucket, catalogue }: S3Request): Reply {
  catalogue.bucket(bucket);
  return { status: 200 };
}

async function deleteBucket({ bucket, catalogue }: S3Request): Promise<Reply> {
  await catalogue.commit(() => {
    const { objects } = catalogue.bucket(bucket);
    if (objects.size > 0 || catalogue.uploadsOf(bucket).length > 0) {
      throw new S3Error('BucketNotEmpty', undefined, { BucketName: bucket });
    }
    return { change: 'delete-bucket', bucket };
  });
  return { status: 204 };
}

async function deleteObjects(request: S3Request): Promise<Reply> {
  const { bucket, catalogue } = request;
  catalogue.bucket(bucket);
  const summed = request.header('content-md5') ?? request.header('x-amz-trailer');
  if (summed === undefined && request.headerNames('x-amz-checksum-').length === 0) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5');
  }
  const document = await readDocument(request, 'Delete');
  const entries = document.children.filter((child) => child.name === 'Object');
  const quiet = childText(document, 'Quiet');
  const known = document.children.every(({ name }) => name === 'Object' || name === 'Quiet');
  if (!known || entries.length === 0 || entries.length > maxDeletes) throw new S3Error('MalformedXML');
  const keys = entries.map((entry) => {
    const key = childText(entry, 'Key');
    if (!key) throw new S3Error('MalformedXML');
    if (entry.children.length > 1) {
      throw new S3Error('NotImplemented', 'Versions and conditions of a delete are not implemented');
    }
    return key;
  });
  await catalogue.commit(() => {
    catalogue.bucket(bucket);
    return { change: 'delete-objects', bucket, keys };
  });
  const deleted = keys.map((key): XmlField => ['Deleted', [['Key', key]]]);
  return { status: 200, body: xmlDocument('DeleteResult', quiet === 'true' ? [] : deleted) };
}
