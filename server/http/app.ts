import express, { type Express, type RequestHandler } from 'express';
import type { Person } from '#contract/identity.ts';
import type { ServerConfig } from '#kernel/config.ts';
import { askProbe, type Probe } from '#kernel/health.ts';
import { newId } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import type { Metrics } from '#kernel/metrics.ts';
import type { Redis } from '#kernel/redis.ts';
import { errorAnswer, unknownRoute } from './error-answer.ts';
import { mountRoutes } from './mount.ts';
import { openApiDocument } from './openapi.ts';
import { RateLimiter } from './rate-limit.ts';
import type { Route } from './route.ts';
import { permissionsPolicy, securityHeaders } from './security-headers.ts';
import type { RedisSessionStore } from './session-store.ts';
import { sessionMiddleware } from './sessions.ts';
import { serveWebFiles } from './web-files.ts';

export interface HttpAppOptions {
  readonly config: ServerConfig;
  readonly log: Log;
  readonly redis: Redis;
  readonly sessionStore: RedisSessionStore;
  readonly metrics: Metrics;
  readonly routes: readonly Route[];
  readonly personOf: (personId: string) => Promise<Person | null>;
  readonly onSessionEnd: (sid: string) => void;
  readonly probes: readonly Probe[];
  readonly stopping: () => boolean;
}

/** Bodies are commands, not files: 64 KB is plenty. */
const bodyLimit = 64 * 1_024;

/** The whole HTTP door, from the first header to the last error. */
export function createHttpApp(options: HttpAppOptions): Express {
  const { config, log } = options;
  const production = config.NODE_ENV === 'production';
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // In production TLS ends at a proxy nearby; without this the Secure cookie would never be set.
  app.set('trust proxy', production ? 'loopback, linklocal, uniquelocal' : false);
  app.set('query parser', 'simple');

  app.use(identifyRequest);
  app.use(observe(log, options.metrics));
  app.use(securityHeaders(config), permissionsPolicy);
  mountHealth(app, options);

  app.use('/api', express.json({ limit: bodyLimit }));
  const openApi = openApiDocument();
  app.get('/api/openapi.json', (_request, response) => {
    response.json(openApi);
  });
  mountRoutes(app, options.routes, {
    log,
    limiter: new RateLimiter(options.redis),
    telephonyKey: config.TELEPHONY_API_KEY,
    session: sessionMiddleware(options.sessionStore, { secret: config.SESSION_SECRET, secure: production }),
    personOf: options.personOf,
    onSessionEnd: options.onSessionEnd,
    strictAnswers: !production,
  });

  const webRoot = config.WEB_ROOT ?? 'web/dist';
  if (!serveWebFiles(app, webRoot)) log.info('the web app is not built: only the API is served');
  app.use(unknownRoute);
  app.use(errorAnswer(log));
  return app;
}

/** A caller's own request id is kept if it is harmless, so that one id follows a request through all systems. */
const identifyRequest: RequestHandler = (request, response, next) => {
  const given = request.get('x-request-id');
  response.locals.requestId = given && /^[A-Za-z0-9_-]{8,64}$/.test(given) ? given : newId('req');
  response.set('x-request-id', response.locals.requestId);
  next();
};

/** One log line and one observation per answer. Addresses are named by endpoint: a path may hold a customer's token. */
function observe(log: Log, metrics: Metrics): RequestHandler {
  const durations = metrics.histogram(
    'http_request_seconds',
    'Time from the first byte of a request to the last of its answer',
    ['endpoint', 'status'],
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  );
  return (request, response, next) => {
    const startedAt = performance.now();
    response.on('close', () => {
      const ms = performance.now() - startedAt;
      const endpoint = String(response.locals.endpoint ?? 'other');
      const status = String(response.statusCode);
      durations.observe({ endpoint, status }, ms / 1_000);
      const { requestId, errorCode } = response.locals;
      const line = {
        requestId,
        endpoint,
        method: request.method,
        status: response.statusCode,
        errorCode,
        ms: Math.round(ms),
      };
      if (endpoint === 'other') log.debug(line, 'request');
      else log.info(line, 'request');
    });
    next();
  };
}

function mountHealth(app: Express, { probes, metrics, stopping }: HttpAppOptions): void {
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/readyz', async (_request, response) => {
    const vital = await Promise.all(probes.filter((probe) => probe.vital).map((probe) => askProbe(probe)));
    const down = vital.filter((state) => state.state === 'down').map((state) => state.name);
    const ready = down.length === 0 && !stopping();
    response.status(ready ? 200 : 503).json({
      status: stopping() ? 'stopping' : ready ? 'ready' : 'not-ready',
      down,
      services: vital,
    });
  });
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.text());
  });
}
