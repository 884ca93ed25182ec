import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error } from './errors.ts';

/** AWS Signature Version 4 for S3, by Authorization header or by query ("presigned"). */

export interface Credentials {
  accessKey: string;
  secretKey: string;
}

export interface SignedRequest {
  method: string;
  /** the path with its percent-encoding taken off */
  path: string;
  /** decoded names and values, in the order sent */
  query: readonly (readonly [string, string])[];
  /** lower-case names, each occurrence a value */
  headers: Record<string, string[] | undefined>;
}

/** What the chunks of a streaming payload are signed with, and what the payload claims to be. */
export interface VerifiedSignature {
  presigned: boolean;
  /** `x-amz-content-sha256`: 64 hex digits, UNSIGNED-PAYLOAD or one of the STREAMING-… words */
  payload: string;
  signature: string;
  /** `YYYYMMDD'T'HHMMSS'Z'` */
  amzDate: string;
  scope: string;
  signingKey: Buffer;
}

interface Claim {
  presigned: boolean;
  credential: string;
  amzDate: string;
  signedHeaders: string[];
  signature: string;
  payload: string;
  /** seconds; only of a presigned URL */
  expires?: number;
}

const algorithm = 'AWS4-HMAC-SHA256';
const maxSkewMs = 15 * 60_000;
const maxExpiresSeconds = 7 * 24 * 3600;

/**
 * Checks who signed a request and that it was not altered.
 * @throws S3Error AccessDenied, InvalidAccessKeyId, RequestTimeTooSkewed, SignatureDoesNotMatch, …
 */
export function verifySignature(
  request: SignedRequest,
  { accessKey, secretKey }: Credentials,
  nowMs: number,
): VerifiedSignature {
  const claim = readClaim(request);
  const malformed = claim.presigned ? 'AuthorizationQueryParametersError' : 'AuthorizationHeaderMalformed';
  const [keyId, day, region, service, terminator, ...rest] = claim.credential.split('/');
  if (!keyId || !day || !region || service !== 's3' || terminator !== 'aws4_request' || rest.length > 0) {
    throw new S3Error(malformed, 'The credential must be ACCESS_KEY/YYYYMMDD/REGION/s3/aws4_request.');
  }
  if (keyId !== accessKey) throw new S3Error('InvalidAccessKeyId', undefined, { AWSAccessKeyId: keyId });
  const signedAtMs = parseAmzDate(claim.amzDate);
  if (Number.isNaN(signedAtMs) || !claim.amzDate.startsWith(day)) {
    throw new S3Error(malformed, 'The date is not valid or differs from the one in the credential.');
  }
  checkTime(claim, signedAtMs, nowMs);
  requireSigned(request, claim);

  const scope = `${day}/${region}/s3/aws4_request`;
  const signingKey = [day, region, 's3', 'aws4_request'].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secretKey}`),
  );
  const canonical = canonicalRequest(request, claim);
  const stringToSign = [algorithm, claim.amzDate, scope, sha256Hex(canonical)].join('\n');
  if (!sameSignature(hmac(signingKey, stringToSign), claim.signature)) {
    throw new S3Error('SignatureDoesNotMatch', undefined, {
      AWSAccessKeyId: keyId,
      StringToSign: stringToSign,
      SignatureProvided: claim.signature,
      CanonicalRequest: canonical,
    });
  }
  const { presigned, payload, signature, amzDate } = claim;
  return { presigned, payload, signature, amzDate, scope, signingKey };
}

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Constant-time comparison with a signature in hex. */
export function sameSignature(expected: Buffer, given: string): boolean {
  const bytes = /^[0-9a-f]{64}$/.test(given) ? Buffer.from(given, 'hex') : Buffer.alloc(0);
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}

function readClaim(request: SignedRequest): Claim {
  const authorization = request.headers.authorization?.[0];
  const query = new Map(request.query);
  if (authorization && query.has('X-Amz-Algorithm')) {
    throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed.');
  }
  if (query.has('X-Amz-Algorithm')) return readQueryClaim(query, request);
  if (authorization) return readHeaderClaim(authorization, request);
  throw new S3Error('AccessDenied');
}

function readHeaderClaim(authorization: string, { headers }: SignedRequest): Claim {
  if (!authorization.startsWith(`${algorithm} `)) {
    throw new S3Error(
      'InvalidRequest',
      `The authorization mechanism you have provided is not supported. Please use ${algorithm}.`,
    );
  }
  const fields = new Map<string, string>();
  for (const pair of authorization.slice(algorithm.length).split(',')) {
    const at = pair.indexOf('=');
    fields.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  }
  const [credential, signedHeaders, signature] = ['Credential', 'SignedHeaders', 'Signature'].map((name) =>
    fields.get(name),
  );
  if (!credential || !signedHeaders || !signature) throw new S3Error('AuthorizationHeaderMalformed');
  const amzDate = headers['x-amz-date']?.[0];
  if (!amzDate) {
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid x-amz-date header');
  }
  const payload = headers['x-amz-content-sha256']?.[0];
  if (!payload) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  return {
    presigned: false,
    credential,
    signature,
    amzDate,
    payload,
    signedHeaders: signedHeaders.split(';'),
  };
}

function readQueryClaim(query: Map<string, string>, { headers }: SignedRequest): Claim {
  const [name, credential, amzDate, expiresText, signedHeaders, signature] = [
    'X-Amz-Algorithm',
    'X-Amz-Credential',
    'X-Amz-Date',
    'X-Amz-Expires',
    'X-Amz-SignedHeaders',
    'X-Amz-Signature',
  ].map((field) => query.get(field));
  if (query.has('X-Amz-Security-Token')) throw new S3Error('InvalidToken');
  if (name !== algorithm || !credential || !amzDate || !expiresText || !signedHeaders || !signature) {
    throw new S3Error(
      'AuthorizationQueryParametersError',
      `Query-string authentication requires ${algorithm} and the X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders and X-Amz-Expires parameters.`,
    );
  }
  const expires = /^\d{1,7}$/.test(expiresText) ? Number(expiresText) : 0;
  if (expires < 1 || expires > maxExpiresSeconds) {
    throw new S3Error(
      'AuthorizationQueryParametersError',
      `X-Amz-Expires must be between 1 and ${maxExpiresSeconds} seconds`,
    );
  }
  const payload =
    headers['x-amz-content-sha256']?.[0] ?? query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD';
  return {
    presigned: true,
    credential,
    signature,
    amzDate,
    payload,
    expires,
    signedHeaders: signedHeaders.split(';'),
  };
}

function checkTime(claim: Claim, signedAtMs: number, nowMs: number): void {
  if (claim.expires === undefined) {
    if (Math.abs(nowMs - signedAtMs) > maxSkewMs) {
      throw new S3Error('RequestTimeTooSkewed', undefined, {
        RequestTime: claim.amzDate,
        ServerTime: new Date(nowMs).toISOString(),
        MaxAllowedSkewMilliseconds: String(maxSkewMs),
      });
    }
    return;
  }
  if (signedAtMs - nowMs > maxSkewMs) throw new S3Error('AccessDenied', 'Request is not yet valid');
  const expiresAtMs = signedAtMs + claim.expires * 1000;
  if (nowMs > expiresAtMs) {
    throw new S3Error('AccessDenied', 'Request has expired', {
      'X-Amz-Expires': String(claim.expires),
      Expires: new Date(expiresAtMs).toISOString(),
      ServerTime: new Date(nowMs).toISOString(),
    });
  }
}

/** The host and every x-amz- header sent must be among the signed ones, or they could be altered on the way. */
function requireSigned({ headers }: SignedRequest, { signedHeaders }: Claim): void {
  const needed = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  const missing = needed.filter((name) => !signedHeaders.includes(name));
  if (missing.length > 0) {
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
      HeadersNotSigned: missing.join(', '),
    });
  }
}

function canonicalRequest({ method, path, query, headers }: SignedRequest, claim: Claim): string {
  const canonicalQuery = query
    .filter(([name]) => !(claim.presigned && name === 'X-Amz-Signature'))
    .map(([name, value]) => [encodeStrictly(name), encodeStrictly(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const canonicalHeaders = claim.signedHeaders.map((name) => {
    const values = (headers[name] ?? []).map((value) => value.trim().replace(/ +/g, ' '));
    return `${name}:${values.join(',')}\n`;
  });
  return [
    method,
    path.split('/').map(encodeStrictly).join('/'),
    canonicalQuery,
    canonicalHeaders.join(''),
    claim.signedHeaders.join(';'),
    claim.payload,
  ].join('\n');
}

/** Percent-encodes all but the unreserved characters of RFC 3986 §2.3. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function parseAmzDate(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  return match
    ? Date.parse(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'))
    : Number.NaN;
}
