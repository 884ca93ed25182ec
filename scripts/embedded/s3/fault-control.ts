import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FaultPlan, FaultRule } from './faults.ts';

export interface FaultControl {
  endpoint: string;
  stop(): Promise<void>;
}

/**
 * Lets another process plan faults, on a loopback port of its own:
 * `POST /faults` (a rule as JSON) → `{"id":1}`, `GET /faults`, `DELETE /faults`, `DELETE /faults/1`,
 * `POST /outage` and `DELETE /outage`.
 */
export async function startFaultControl(faults: FaultPlan, port: number): Promise<FaultControl> {
  const server = createServer((req, res) => {
    route(faults, req)
      .then(({ status, answer }) => sendJson(res, status, answer))
      .catch((error: Error) => sendJson(res, 400, { error: error.message }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function route(faults: FaultPlan, req: IncomingMessage): Promise<{ status: number; answer: unknown }> {
  const [, subject, id] = (req.url ?? '').split('/');
  switch (`${req.method} ${subject}`) {
    case 'GET faults':
      return { status: 200, answer: faults.list() };
    case 'POST faults':
      return { status: 201, answer: { id: faults.add(await readRule(req)) } };
    case 'DELETE faults':
      faults.clear(id === undefined ? undefined : Number(id));
      return { status: 200, answer: faults.list() };
    case 'POST outage':
      await faults.startOutage();
      return { status: 200, answer: { outage: true } };
    case 'DELETE outage':
      await faults.endOutage();
      return { status: 200, answer: { outage: false } };
    default:
      return { status: 404, answer: { error: 'unknown path or method' } };
  }
}

async function readRule(req: IncomingMessage): Promise<FaultRule> {
  const pieces: Buffer[] = [];
  for await (const piece of req) pieces.push(piece);
  const rule: unknown = JSON.parse(Buffer.concat(pieces).toString());
  if (typeof rule !== 'object' || rule === null) throw new Error('a rule is a JSON object');
  return rule as FaultRule;
}

function sendJson(res: ServerResponse, status: number, answer: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(answer));
}
