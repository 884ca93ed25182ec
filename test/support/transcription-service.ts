import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface AskedTranscription {
  readonly model: string;
  readonly language: string | null;
  readonly format: string;
  readonly granularities: readonly string[];
  readonly authorization: string | undefined;
  /** Of the WAV file. */
  readonly rate: number;
  readonly samples: Int16Array;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
  /** Before it answers. ms */
  readonly afterMs?: number;
}

/** A service that speaks OpenAI's `POST /v1/audio/transcriptions`, as far as our transcriber does. Says what it is told to say. */
export class TranscriptionService {
  readonly asked: AskedTranscription[] = [];
  /** What it answers to the nth request. */
  answer: (asked: AskedTranscription, number: number) => Answer = () => ({ body: { text: '' } });
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });

  static async start(): Promise<TranscriptionService> {
    const service = new TranscriptionService();
    service.#server.listen(0, '127.0.0.1');
    await once(service.#server, 'listening');
    return service;
  }

  /** The API's root. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST' || request.url !== '/v1/audio/transcriptions') {
      response.writeHead(404).end();
      return;
    }
    const body = new Uint8Array(await buffer(request));
    const type = request.headers['content-type'] ?? '';
    const form = await new Response(body, { headers: { 'content-type': type } }).formData();
    const file = Buffer.from(await (form.get('file') as File).arrayBuffer());
    if (file.toString('latin1', 0, 4) !== 'RIFF') throw new Error('this is no WAV file');
    const data = file.subarray(44);
    const asked = {
      model: String(form.get('model')),
      language: form.get('language') as string | null,
      format: String(form.get('response_format')),
      granularities: form.getAll('timestamp_granularities[]').map(String),
      authorization: request.headers.authorization,
      rate: file.readUInt32LE(24),
      samples: new Int16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length)),
    };
    this.asked.push(asked);
    const { status = 200, headers = {}, body: said, afterMs = 0 } = this.answer(asked, this.asked.length);
    if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs));
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof said === 'string' ? said : JSON.stringify(said));
  }
}
