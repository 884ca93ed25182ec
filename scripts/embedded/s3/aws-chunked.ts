import { createHash } from 'node:crypto';
import { S3Error } from './errors.ts';
import { hmac, sameSignature, sha256Hex, type VerifiedSignature } from './signature-v4.ts';

/**
 * The `aws-chunked` body: `SIZE-HEX[;chunk-signature=HEX]\r\n…data…\r\n`, closed by a chunk of size 0, then, for
 * the `-TRAILER` payloads, `name:value\r\n` lines, and an empty line.
 */

const maxLineBytes = 8192;

/** A byte source that is read by lines and by counts. */
class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #pending: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    let end = this.#pending.indexOf('\r\n');
    while (end < 0) {
      if (this.#pending.length > maxLineBytes) throw new S3Error('InvalidRequest', 'Chunk header too long');
      const more = await this.#more();
      if (!more) throw new S3Error('IncompleteBody');
      this.#pending = Buffer.concat([this.#pending, more]);
      end = this.#pending.indexOf('\r\n');
    }
    const line = this.#pending.toString('latin1', 0, end);
    this.#pending = this.#pending.subarray(end + 2);
    return line;
  }

  async *bytes(count: number): AsyncGenerator<Buffer> {
    let left = count;
    while (left > 0) {
      if (this.#pending.length === 0) {
        const more = await this.#more();
        if (!more) throw new S3Error('IncompleteBody');
        this.#pending = more;
      }
      const piece = this.#pending.subarray(0, left);
      this.#pending = this.#pending.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async expectEnd(): Promise<void> {
    if (this.#pending.length > 0 || (await this.#more())) {
      throw new S3Error('InvalidRequest', 'Bytes after the end of the chunked body');
    }
  }

  async #more(): Promise<Buffer | undefined> {
    const { value, done } = await this.#source.next();
    return done ? undefined : value;
  }
}

/**
 * Decodes an aws-chunked body, checks chunk and trailer signatures where the payload kind has them, and fills
 * `trailers` (lower-case names) before it ends.
 * @throws S3Error IncompleteBody, SignatureDoesNotMatch, MalformedTrailerError, InvalidRequest
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  signature: VerifiedSignature,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  const signed = signature.payload.startsWith('STREAMING-AWS4-HMAC-SHA256');
  const reader = new ByteReader(source);
  let previous = signature.signature;
  for (let size = -1; size !== 0; ) {
    const header = await reader.line();
    const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(header);
    if (!match || signed !== (match[2] !== undefined)) {
      throw new S3Error('InvalidRequest', 'Malformed chunk header');
    }
    size = Number.parseInt(match[1]!, 16);
    const hash = createHash('sha256');
    for await (const piece of reader.bytes(size)) {
      if (signed) hash.update(piece);
      yield piece;
    }
    if (signed) {
      previous = checkLink(signature, previous, 'PAYLOAD', match[2]!, [sha256Hex(''), hash.digest('hex')]);
    }
    if (size > 0 && (await reader.line()) !== '') throw new S3Error('InvalidRequest', 'Malformed chunk end');
  }
  if (signature.payload.endsWith('-TRAILER')) {
    await readTrailers(reader, trailers, signed ? { signature, previous } : undefined);
  } else if ((await reader.line()) !== '') {
    throw new S3Error('InvalidRequest', 'Malformed end of the chunked body');
  }
  await reader.expectEnd();
}

async function readTrailers(
  reader: ByteReader,
  trailers: Map<string, string>,
  chain: { signature: VerifiedSignature; previous: string } | undefined,
): Promise<void> {
  let canonical = '';
  let given: string | undefined;
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*?)\s*$/.exec(line);
    if (!match || given !== undefined || trailers.size >= 8) throw new S3Error('MalformedTrailerError');
    const name = match[1]!.toLowerCase();
    if (name === 'x-amz-trailer-signature') {
      given = match[2]!;
    } else {
      if (trailers.has(name)) throw new S3Error('MalformedTrailerError');
      trailers.set(name, match[2]!);
      canonical += `${name}:${match[2]}\n`;
    }
  }
  if (chain) checkLink(chain.signature, chain.previous, 'TRAILER', given ?? '', [sha256Hex(canonical)]);
}

/** One link of the signature chain; returns the signature that the next link is built on. */
function checkLink(
  { amzDate, scope, signingKey }: VerifiedSignature,
  previous: string,
  kind: 'PAYLOAD' | 'TRAILER',
  given: string,
  hashes: string[],
): string {
  const stringToSign = [`AWS4-HMAC-SHA256-${kind}`, amzDate, scope, previous, ...hashes].join('\n');
  if (!sameSignature(hmac(signingKey, stringToSign), given)) throw new S3Error('SignatureDoesNotMatch');
  return given;
}
