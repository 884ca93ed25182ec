import type { StoredObject } from './catalogue.ts';
import { checksumHeader } from './checksums.ts';
import { S3Error } from './errors.ts';
import type { S3Request } from './s3-request.ts';

/** Headers by which a write says what is kept with the object. */
export const attributeHeaders = [
  'x-amz-meta-',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
];

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

/** @throws S3Error MetadataTooLarge, InvalidArgument (a KMS key without KMS), NotImplemented (other encryption) */
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
  return Object.assign(attributes, readEncryption(request));
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

const encryptionName = 'x-amz-server-side-encryption';
const kmsKeyName = 'x-amz-server-side-encryption-aws-kms-key-id';
/** Stands for the service's own key where none is named. */
const ownKmsKey = 'arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000';

/** That the object was asked to be encrypted at rest is kept and told; this server does not encrypt. */
export function encryptionHeader(attributes: Record<string, string>): Record<string, string> {
  const names = [encryptionName, kmsKeyName];
  return Object.fromEntries(names.flatMap((name) => (attributes[name] ? [[name, attributes[name]]] : [])));
}

function readEncryption(request: S3Request): Record<string, string> {
  const encryption = request.header(encryptionName);
  const kmsKey = request.header(kmsKeyName);
  if (kmsKey !== undefined && encryption !== 'aws:kms') {
    throw new S3Error('InvalidArgument', `${kmsKeyName} goes with aws:kms alone`);
  }
  if (encryption === undefined) return {};
  if (encryption === 'AES256') return { [encryptionName]: encryption };
  if (encryption === 'aws:kms') {
    return { [encryptionName]: encryption, [kmsKeyName]: checkedHeaderValue(kmsKey ?? ownKmsKey) };
  }
  throw new S3Error('NotImplemented', `${encryptionName} takes AES256 and aws:kms`);
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
