import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '#kernel/metrics.ts';
import type { SpoolDoor } from './spool/spool-door.ts';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `/healthz`: the process runs. `/readyz`: it can do its work (503 with the reasons else). `/metrics`: Prometheus.
 * `/spool/…`: for other workers, with their secret.
 * `problems` answers what stands in the way, as words that may be shown.
 */
export async function startHealthServer(options: {
  host: string;
  port: number;
  metrics: Metrics;
  problems: () => Promise<string[]>;
  spool: SpoolDoor;
}): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(body);
    };
    const json = (status: number, body: unknown) => answer(status, 'application/json', JSON.stringify(body));
    const respond = async (): Promise<void> => {
      const { pathname } = new URL(request.url ?? '/', 'http://worker');
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        json(405, { error: { code: 'route.unknown', message: 'Only GET is answered here.' } });
      } else if (pathname === '/healthz') json(200, { status: 'ok' });
      else if (pathname === '/readyz') {
        const problems = await options.problems();
        json(problems.length === 0 ? 200 : 503, { ready: problems.length === 0, problems });
      } else if (pathname === '/metrics') {
        answer(200, options.metrics.contentType, await options.metrics.text());
      } else if (pathname.startsWith('/spool/')) await options.spool(request, response, pathname);
      else json(404, { error: { code: 'route.unknown', message: 'There is nothing at this address.' } });
    };
    respond().catch(() => {
      // What has begun cannot become another answer.
      if (response.headersSent) response.destroy();
      else json(500, { error: { code: 'internal', message: 'The answer could not be made.' } });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
