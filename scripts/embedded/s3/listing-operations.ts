import type { Bucket, StoredObject } from './catalogue.ts';
import { S3Error } from './errors.ts';
import { maxPartNumber } from './multipart-operations.ts';
import { type Operation, queryNumber, type Reply, type S3Request } from './s3-request.ts';
import { encodeStrictly } from './signature-v4.ts';
import { compareUtf8 } from './sorted-keys.ts';
import { type XmlField, xmlDocument } from './xml.ts';

const maxPage = 1000;

export const listingOperations: Operation[] = [
  {
    name: 'ListObjectsV2',
    method: 'GET',
    level: 'bucket',
    needs: ['list-type'],
    query: ['prefix', 'delimiter', 'max-keys', 'continuation-token', 'start-after', 'encoding-type'],
    run: listObjects,
  },
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    level: 'bucket',
    needs: ['uploads'],
    query: ['prefix', 'key-marker', 'upload-id-marker', 'max-uploads', 'encoding-type'],
    run: listMultipartUploads,
  },
  {
    name: 'ListParts',
    method: 'GET',
    level: 'object',
    needs: ['uploadId'],
    query: ['max-parts', 'part-number-marker'],
    run: listParts,
  },
];

interface Page {
  objects: [key: string, object: StoredObject][];
  prefixes: string[];
  /** where the next page begins, if there is more */
  next?: Position;
}

/** After a key, or after all keys of a common prefix. */
type Position = { after: string } | { afterPrefix: string };

function listObjects(request: S3Request): Reply {
  const { query } = request;
  const bucket = request.catalogue.bucket(request.bucket);
  if (query.get('list-type') !== '2') throw new S3Error('NotImplemented', 'list-type takes only 2');
  const encode = keyEncoder(request);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const maxKeys = queryNumber(request, 'max-keys', maxPage, 0, 2 ** 31);
  const from = token === undefined ? { after: startAfter ?? '' } : decodeToken(token);
  const page = collectPage(bucket, prefix, delimiter, from, Math.min(maxKeys, maxPage));
  const body = xmlDocument('ListBucketResult', [
    ['Name', bucket.name],
    ['Prefix', encode(prefix)],
    ['Delimiter', delimiter === '' ? undefined : encode(delimiter)],
    ['StartAfter', startAfter === undefined ? undefined : encode(startAfter)],
    ['ContinuationToken', token],
    ['NextContinuationToken', page.next && encodeToken(page.next)],
    ['EncodingType', query.get('encoding-type')],
    ['MaxKeys', Math.min(maxKeys, maxPage)],
    ['KeyCount', page.objects.length + page.prefixes.length],
    ['IsTruncated', page.next !== undefined],
    ...page.objects.map(([key, object]): XmlField => ['Contents', contentFields(encode(key), object)]),
    ...page.prefixes.map((common): XmlField => ['CommonPrefixes', [['Prefix', encode(common)]]]),
  ]);
  return { status: 200, body };
}

function collectPage(
  { keys, objects }: Bucket,
  prefix: string,
  delimiter: string,
  from: Position,
  limit: number,
): Page {
  const page: Page = { objects: [], prefixes: [] };
  let index = 'after' in from ? keys.indexAfter(from.after) : keys.indexAfterPrefix(from.afterPrefix);
  index = Math.max(index, keys.indexOf(prefix));
  let last: Position | undefined;
  for (let key = keys.at(index); key?.startsWith(prefix); key = keys.at(index)) {
    if (page.objects.length + page.prefixes.length === limit) {
      if (last) page.next = last;
      break;
    }
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (end < 0) {
      page.objects.push([key, objects.get(key)!]);
      last = { after: key };
      index += 1;
    } else {
      const common = key.slice(0, end + delimiter.length);
      page.prefixes.push(common);
      last = { afterPrefix: common };
      index = keys.indexAfterPrefix(common);
    }
  }
  return page;
}

function contentFields(key: string, { bytes, etag, modifiedAtMs, checksum }: StoredObject): XmlField[] {
  return [
    ['Key', key],
    ['LastModified', new Date(modifiedAtMs).toISOString()],
    ['ETag', `"${etag}"`],
    ['ChecksumAlgorithm', checksum?.algorithm],
    ['ChecksumType', checksum?.type],
    ['Size', bytes],
    ['StorageClass', 'STANDARD'],
  ];
}

function encodeToken(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function decodeToken(token: string): Position {
  try {
    const position: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    const [entry, ...more] = Object.entries(position as object);
    const [kind, text] = entry!;
    if (more.length === 0 && typeof text === 'string') {
      if (kind === 'after') return { after: text };
      if (kind === 'afterPrefix') return { afterPrefix: text };
    }
  } catch {
    // not one of ours: refused below
  }
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
}

function listMultipartUploads(request: S3Request): Reply {
  const { query, bucket, catalogue } = request;
  const encode = keyEncoder(request);
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const maxUploads = queryNumber(request, 'max-uploads', maxPage, 1, maxPage);
  const isAfterMarker = (key: string, id: string) => {
    const order = compareUtf8(key, keyMarker);
    return order > 0 || (order === 0 && idMarker !== '' && id > idMarker);
  };
  const found = catalogue
    .uploadsOf(bucket)
    .filter(({ key, id }) => key.startsWith(prefix) && (keyMarker === '' || isAfterMarker(key, id)))
    .sort((a, b) => compareUtf8(a.key, b.key) || (a.id < b.id ? -1 : 1));
  const page = found.slice(0, maxUploads);
  const truncated = found.length > page.length;
  const body = xmlDocument('ListMultipartUploadsResult', [
    ['Bucket', bucket],
    ['KeyMarker', encode(keyMarker)],
    ['UploadIdMarker', idMarker],
    ['NextKeyMarker', truncated ? encode(page.at(-1)!.key) : undefined],
    ['NextUploadIdMarker', truncated ? page.at(-1)!.id : undefined],
    ['Prefix', encode(prefix)],
    ['EncodingType', query.get('encoding-type')],
    ['MaxUploads', maxUploads],
    ['IsTruncated', truncated],
    ...page.map(
      ({ key, id, startedAtMs, checksum }): XmlField => [
        'Upload',
        [
          ['Key', encode(key)],
          ['UploadId', id],
          ['StorageClass', 'STANDARD'],
          ['Initiated', new Date(startedAtMs).toISOString()],
          ['ChecksumAlgorithm', checksum?.algorithm],
          ['ChecksumType', checksum?.type],
        ],
      ],
    ),
  ]);
  return { status: 200, body };
}

function listParts(request: S3Request): Reply {
  const upload = request.catalogue.upload(request.bucket, request.key, request.query.get('uploadId')!);
  const maxParts = queryNumber(request, 'max-parts', maxPage, 1, maxPage);
  const marker = queryNumber(request, 'part-number-marker', 0, 0, maxPartNumber);
  const found = [...upload.parts].filter(([number]) => number > marker).sort(([a], [b]) => a - b);
  const page = found.slice(0, maxParts);
  const truncated = found.length > page.length;
  const { checksum } = upload;
  const body = xmlDocument('ListPartsResult', [
    ['Bucket', upload.bucket],
    ['Key', upload.key],
    ['UploadId', upload.id],
    ['StorageClass', 'STANDARD'],
    ['PartNumberMarker', marker],
    ['NextPartNumberMarker', truncated ? page.at(-1)![0] : undefined],
    ['MaxParts', maxParts],
    ['IsTruncated', truncated],
    ['ChecksumAlgorithm', checksum?.algorithm],
    ['ChecksumType', checksum?.type],
    ...page.map(
      ([number, part]): XmlField => [
        'Part',
        [
          ['PartNumber', number],
          ['LastModified', new Date(part.modifiedAtMs).toISOString()],
          ['ETag', `"${part.etag}"`],
          ['Size', part.bytes],
          ...(checksum ? ([[`Checksum${checksum.algorithm}`, part.checksum]] as const) : []),
        ],
      ],
    ),
  ]);
  return { status: 200, body };
}

/** Keys as they are, or percent-encoded when the client asked for it (XML 1.0 has no control characters). */
function keyEncoder(request: S3Request): (text: string) => string {
  const type = request.query.get('encoding-type');
  if (type === undefined) return (text) => text;
  if (type !== 'url') throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return (text) => text.split('/').map(encodeStrictly).join('/');
}
