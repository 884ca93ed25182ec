import { createHash } from 'node:crypto';
import { decodeAwsChunked } from './aws-chunked.ts';
import {
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumHeader,
  isChecksumValue,
  parseAlgorithm,
  startChecksum,
} from './checksums.ts';
import { S3Error } from './errors.ts';
import type { S3Request } from './s3-request.ts';
import { parseXml, type XmlElement, XmlSyntaxError } from './xml.ts';

/** What was received; only to be had once every byte was read and every claim about them held true. */
export interface ReceivedBody {
  bytes: number;
  md5: Buffer;
  checksum?: { algorithm: ChecksumAlgorithm; value: string };
}

export interface VerifiedBody {
  /** the checksum that was announced */
  algorithm: ChecksumAlgorithm | undefined;
  chunks: AsyncGenerator<Buffer>;
  received(): ReceivedBody;
}

export const maxObjectBytes = 5 * 1024 ** 3;
const maxDocumentBytes = 2 * 1024 ** 2;
const chunkedPayloads = [
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
];

/**
 * Opens a request's body. The generator throws at its end when length, signed hash, Content-MD5 or checksum
 * (header or trailer) differ from what was received, so a consumer that keeps only what ended well keeps the truth.
 * @throws S3Error MissingContentLength, EntityTooLarge, InvalidDigest, InvalidRequest, NotImplemented
 */
export function openBody(request: S3Request): VerifiedBody {
  const { payload } = request.signature;
  const chunked = chunkedPayloads.includes(payload);
  if (!chunked && payload !== 'UNSIGNED-PAYLOAD' && !/^[0-9a-f]{64}$/.test(payload)) {
    throw new S3Error('NotImplemented', `x-amz-content-sha256: ${payload} is not implemented`);
  }
  const length = declaredLength(request, chunked);
  const expected = expectedChecksum(request, chunked);
  const contentMd5 = readContentMd5(request);
  const trailers = new Map<string, string>();
  const sum = expected && startChecksum(expected.algorithm);
  const md5 = createHash('md5');
  const sha256 = /^[0-9a-f]{64}$/.test(payload) ? createHash('sha256') : undefined;
  let result: ReceivedBody | undefined;

  async function* chunks(): AsyncGenerator<Buffer> {
    const raw = request.bodyBytes();
    let bytes = 0;
    for await (const chunk of chunked ? decodeAwsChunked(raw, request.signature, trailers) : raw) {
      bytes += chunk.length;
      if (bytes > length) throw new S3Error('IncompleteBody');
      md5.update(chunk);
      sha256?.update(chunk);
      sum?.update(chunk);
      yield chunk;
    }
    if (bytes !== length) throw new S3Error('IncompleteBody');
    const announced = request.header('x-amz-trailer')?.trim().toLowerCase();
    if ([...trailers.keys()].some((name) => name !== announced)) throw new S3Error('MalformedTrailerError');
    if (sha256 && sha256.digest('hex') !== payload) throw new S3Error('XAmzContentSHA256Mismatch');
    const md5Digest = md5.digest();
    if (contentMd5 && !contentMd5.equals(md5Digest)) {
      throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
    }
    result = { bytes, md5: md5Digest };
    if (expected && sum) {
      const value = sum.digest().toString('base64');
      checkChecksum(expected, trailers, value);
      result.checksum = { algorithm: expected.algorithm, value };
    }
  }

  return {
    algorithm: expected?.algorithm,
    chunks: chunks(),
    received: () => {
      if (!result) throw new Error('the body was not read to its end');
      return result;
    },
  };
}

/** Reads a request's XML document of at most 2 MiB. @throws S3Error MalformedXML, MaxMessageLengthExceeded */
export async function readDocument(request: S3Request, rootName: string): Promise<XmlElement> {
  const text = await readText(request);
  try {
    const root = parseXml(text);
    if (root.name === rootName) return root;
  } catch (error) {
    if (!(error instanceof XmlSyntaxError)) throw error;
  }
  throw new S3Error('MalformedXML');
}

/** Reads a whole small body as UTF-8. */
export async function readText(request: S3Request): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of openBody(request).chunks) {
    bytes += chunk.length;
    if (bytes > maxDocumentBytes) throw new S3Error('MaxMessageLengthExceeded');
    pieces.push(chunk);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** The one checksum that a request announces, if any; the value is undefined when it comes as a trailer. */
function expectedChecksum(
  request: S3Request,
  chunked: boolean,
): { algorithm: ChecksumAlgorithm; value: string | undefined } | undefined {
  const trailer = request.header('x-amz-trailer')?.trim().toLowerCase();
  const inHeaders = checksumAlgorithms.filter((name) => request.header(checksumHeader(name)) !== undefined);
  const inTrailer = checksumAlgorithms.filter((name) => checksumHeader(name) === trailer);
  const [algorithm, ...more] = [...inHeaders, ...inTrailer];
  if (more.length > 0) throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header');
  if (trailer !== undefined && (inTrailer.length === 0 || !chunked)) {
    throw new S3Error('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported');
  }
  const named = request.header('x-amz-sdk-checksum-algorithm');
  if (named !== undefined && (!algorithm || parseAlgorithm(named) !== algorithm)) {
    throw new S3Error(
      'InvalidRequest',
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  if (!algorithm) return undefined;
  const value = request.header(checksumHeader(algorithm));
  if (value !== undefined && !isChecksumValue(algorithm, value)) {
    throw new S3Error('InvalidRequest', `Value for ${checksumHeader(algorithm)} header is invalid.`);
  }
  return { algorithm, value };
}

function checkChecksum(
  expected: { algorithm: ChecksumAlgorithm; value: string | undefined },
  trailers: Map<string, string>,
  computed: string,
): void {
  const name = checksumHeader(expected.algorithm);
  const given = expected.value ?? trailers.get(name);
  if (given === undefined) throw new S3Error('MalformedTrailerError');
  if (!isChecksumValue(expected.algorithm, given)) {
    throw new S3Error('InvalidRequest', `Value for ${name} trailing header is invalid.`);
  }
  if (given !== computed) {
    throw new S3Error(
      'BadDigest',
      `The ${expected.algorithm} you specified did not match the calculated checksum.`,
    );
  }
}

function declaredLength(request: S3Request, chunked: boolean): number {
  const text = request.header(chunked ? 'x-amz-decoded-content-length' : 'content-length');
  const noBody = !chunked && request.header('transfer-encoding') === undefined;
  if (text === undefined && noBody) return 0;
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw new S3Error('MissingContentLength');
  if (Number(text) > maxObjectBytes) {
    throw new S3Error('EntityTooLarge', undefined, {
      ProposedSize: text,
      MaxSizeAllowed: String(maxObjectBytes),
    });
  }
  return Number(text);
}

function readContentMd5(request: S3Request): Buffer | undefined {
  const text = request.header('content-md5');
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 16 || bytes.toString('base64') !== text) throw new S3Error('InvalidDigest');
  return bytes;
}
