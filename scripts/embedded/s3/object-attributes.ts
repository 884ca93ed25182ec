import type { StoredObject } from './catalogue.ts';
import { checksumHeader } from './checksums.ts';
import { S3Error } from './errors.ts';
import type { S3Request } from './s3-request.ts';

/** Headers by which a write says what is kept with the object. */
export const attributeHeaders = ['x-amz-meta-', 'x-amz-server-side-encryption'];

const standardHeaders = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];
const maxMetadataBytes = 2048;

/** Query parameters of a signed GET or HEAD that replace an answer's header. */
export const overrideParameters = standardHeaders.map((name) => `response-${name}`);

/** @throws S3Error MetadataTooLarge, NotImplemented (encryption with customer or KMS keys) */
export function readAttributes(request: S3Request): Record<string, string> {
  const attributes: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const name of standardHeaders) {
    const value = name === 'content-encoding' ? contentEncoding(request) : request.header(name);
    if (value) attributes[name] = checkedHeaderValue(value);
  }
  let metadataBytes = 0;
  for (const name of request.headerNames('x-amz-meta-')) {
    const value = request.header(name) ?? '';
    metadataBytes += name.length - 'x-amz-meta-'.length + Buffer.byteLength(value, 'latin1');
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw new S3Error('InvalidArgument', 'Not a header name');
    attributes[name] = checkedHeaderValue(value);
  }
  if (metadataBytes > maxMetadataBytes) throw new S3Error('MetadataTooLarge');
  const encryption = request.header('x-amz-server-side-encryption');
  if (encryption !== undefined && encryption !== 'AES256') {
    throw new S3Error('NotImplemented', 'x-amz-server-side-encryption takes only AES256');
  }
  if (encryption) attributes['x-amz-server-side-encryption'] = encryption;
  return attributes;
}

/** The headers that a GET or HEAD answers with, but for length and range. */
export function objectHeaders(request: S3Request, object: StoredObject): Record<string, string> {
  const headers: Record<string, string> = {
    'accept-ranges': 'bytes',
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedAtMs).toUTCString(),
    ...object.attributes,
  };
  for (const name of standardHeaders) {
    const value = request.query.get(`response-${name}`);
    if (value !== undefined) headers[name] = checkedHeaderValue(value);
  }
  return headers;
}

/** The headers that tell an object's checksum, if it has one. */
export function checksumHeaders({ checksum }: Pick<StoredObject, 'checksum'>): Record<string, string> {
  if (!checksum) return {};
  return { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

/** That the object was asked to be encrypted at rest is kept and told; this server does not encrypt. */
export function encryptionHeader(attributes: Record<string, string>): Record<string, string> {
  const name = 'x-amz-server-side-encryption';
  return attributes[name] ? { [name]: attributes[name] } : {};
}

function contentEncoding(request: S3Request): string {
  const codings = (request.header('content-encoding') ?? '').split(',').map((coding) => coding.trim());
  return codings.filter((coding) => coding !== '' && coding !== 'aws-chunked').join(', ');
}

/** A value moved into a query can hold what no header can. */
function checkedHeaderValue(value: string): string {
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    throw new S3Error('InvalidArgument', 'Header value cannot be represented using ISO-8859-1.');
  }
  return value;
}
