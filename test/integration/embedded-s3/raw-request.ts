import { createHash, createHmac } from 'node:crypto';
import { connect } from 'node:net';

/** Hand-made requests: what the official client would never send. */

export interface RawAnswer {
  status: number;
  headers: Map<string, string>;
  body: string;
  /** the code of an error document */
  code: string | undefined;
}

export interface SignOptions {
  method: string;
  /** as it goes over the wire, percent-encoded */
  target: string;
  headers?: Record<string, string>;
  /** value of x-amz-content-sha256 */
  payload?: string;
  accessKey: string;
  secretKey: string;
  host: string;
  date?: Date;
}

/** What a signature leaves behind for the chunks that follow. */
export interface Signed {
  headers: Record<string, string>;
  signature: string;
  amzDate: string;
  scope: string;
  key: Buffer;
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
export const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');

/** Signs by header (AWS Signature Version 4); the query must be given sorted and strictly encoded. */
export function signRequest(options: SignOptions): Signed {
  const { method, target, accessKey, secretKey, host } = options;
  const amzDate = `${(options.date ?? new Date()).toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const day = amzDate.slice(0, 8);
  const payload = options.payload ?? 'UNSIGNED-PAYLOAD';
  const headers: Record<string, string> = {
    ...options.headers,
    host,
    'x-amz-date': amzDate,
    'x-amz-content-sha256': payload,
  };
  const names = Object.keys(headers).sort();
  const [path, query = ''] = target.split('?');
  const canonical = [
    method,
    path,
    query,
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    payload,
  ];
  const scope = `${day}/us-east-1/s3/aws4_request`;
  const key = [day, 'us-east-1', 's3', 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secretKey}`));
  const signature = hmac(
    key,
    `AWS4-HMAC-SHA256\n${amzDate}\n${scope}\n${sha256(canonical.join('\n'))}`,
  ).toString('hex');
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { headers, signature, amzDate, scope, key };
}

/** One aws-chunked body, each chunk signed on top of the one before. */
export function signChunks(signed: Signed, chunks: Buffer[], trailer?: string): Buffer {
  let previous = signed.signature;
  const link = (kind: string, ...hashes: string[]) => {
    const text = [`AWS4-HMAC-SHA256-${kind}`, signed.amzDate, signed.scope, previous, ...hashes].join('\n');
    previous = hmac(signed.key, text).toString('hex');
    return previous;
  };
  const pieces = [...chunks, Buffer.alloc(0)].flatMap((chunk) => {
    const signature = link('PAYLOAD', sha256(''), sha256(chunk));
    const head = Buffer.from(`${chunk.length.toString(16)};chunk-signature=${signature}\r\n`);
    return chunk.length > 0 ? [head, chunk, Buffer.from('\r\n')] : [head];
  });
  const end =
    trailer === undefined
      ? '\r\n'
      : `${trailer}\r\nx-amz-trailer-signature:${link('TRAILER', sha256(`${trailer}\n`))}\r\n\r\n`;
  return Buffer.concat([...pieces, Buffer.from(end)]);
}

/** Sends exactly these bytes over one connection and reads one answer; rejects when it is cut. */
export function sendRaw(
  endpoint: string,
  method: string,
  target: string,
  headers: Record<string, string>,
  body: string | Buffer = '',
): Promise<RawAnswer> {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ 'content-length': String(bytes.length), ...headers, connection: 'close' });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const received: Buffer[] = [];
    socket.on('data', (piece) => received.push(piece));
    socket.on('error', reject);
    socket.on('end', () => {
      const text = Buffer.concat(received).toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return reject(new Error('the connection was closed without an answer'));
      const [status, ...fields] = text.slice(0, end).split('\r\n');
      const answered = text.slice(end + 4);
      resolve({
        status: Number(status!.split(' ')[1]),
        headers: new Map(
          fields.map((field) => {
            const colon = field.indexOf(':');
            return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
          }),
        ),
        body: answered,
        code: /<Code>(\w+)<\/Code>/.exec(answered)?.[1],
      });
    });
    socket.write(Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${head}\r\n`), bytes]));
  });
}
