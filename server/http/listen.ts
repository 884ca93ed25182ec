import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '#kernel/errors.ts';
import { errorBodyOf } from './error-answer.ts';

/** Requests that have not been answered yet, per server. */
const running = new WeakMap<Server, number>();

/** A server with modest limits, which answers in our error shape even to what is not HTTP. */
export function createHttpServer(app: RequestListener): Server {
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 65_000 },
    app,
  );
  server.on('request', (_request, response) => {
    running.set(server, (running.get(server) ?? 0) + 1);
    response.once('close', () => running.set(server, (running.get(server) ?? 1) - 1));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const body = JSON.stringify(
      errorBodyOf(new AppError('request.malformed', 'This is not a valid HTTP request.')),
    );
    socket.end(
      `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  });
  return server;
}

/** Listens and answers the port that was taken (of use with port 0). */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * Takes no new connection and resolves when the running requests have been answered, after `graceMs` at the latest.
 * WebSockets stay: they are the gateway's to close, and the port's last connections go with them.
 */
export async function closeHttpServer(server: Server, graceMs = 5_000): Promise<void> {
  if (!server.listening) return;
  server.close();
  const deadline = performance.now() + graceMs;
  while ((running.get(server) ?? 0) > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  server.closeAllConnections();
}
