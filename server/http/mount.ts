import type { Express, Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import type { Person } from '#contract/identity.ts';
import { AppError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import { invalid, requestIdOf } from './error-answer.ts';
import { type RateLimiter, rateRules } from './rate-limit.ts';
import { type Route, type RouteContext, requirePerson } from './route.ts';
import { requireCsrfToken, sameText, sessionControl } from './sessions.ts';

export interface MountOptions {
  readonly log: Log;
  readonly limiter: RateLimiter;
  readonly telephonyKey: string;
  /** Loads the session into the request; only for routes that may have one. */
  readonly session: RequestHandler;
  readonly personOf: (personId: string) => Promise<Person | null>;
  readonly onSessionEnd: (sid: string) => void;
  /** An answer that is not what the contract says is our fault: `internal` outside production, a log line in it. */
  readonly strictAnswers: boolean;
}

/** Mounts each route once. Throws at start if two want the same address or share an id. */
export function mountRoutes(app: Express, routes: readonly Route[], options: MountOptions): void {
  const seen = new Set<string>();
  for (const route of routes) {
    const { id, method, path, auth } = route.endpoint;
    for (const mark of [id, `${method} ${path}`]) {
      if (seen.has(mark)) throw new Error(`two routes are mounted for ${mark}`);
      seen.add(mark);
    }
    const chain: RequestHandler[] = [nameEndpoint(id)];
    if (auth === 'session' || auth === 'none') chain.push(options.session);
    chain.push(handler(route, options));
    app[method](path.replace(/\{(\w+)\}/g, ':$1'), ...chain);
  }
}

function nameEndpoint(id: string): RequestHandler {
  return (_request, response, next) => {
    response.locals.endpoint = id;
    next();
  };
}

function handler(route: Route, options: MountOptions): RequestHandler {
  const { endpoint } = route;
  return async (request, response) => {
    const visitor = await admit(route, request, options);
    const context: RouteContext<typeof endpoint> = {
      params: validate('params', endpoint.params, request.params),
      query: validate('query', endpoint.query, request.query),
      body: validate('body', endpoint.body, request.body),
      visitor,
      person: () => requirePerson(visitor),
      requestId: requestIdOf(response),
      session: sessionControl(request, options.onSessionEnd),
    };
    const answer = await counted(route, request, options, () => route.handle(context));
    respond(route, response, answer, options);
  };
}

/** Who knocks, and whether they may: throws `session.required`, `session.csrf` or `telephony.key`. */
async function admit(route: Route, request: Request, options: MountOptions): Promise<Person | null> {
  const { auth, method } = route.endpoint;
  if (auth === 'telephony') {
    await requireTelephonyKey(request, options);
    return null;
  }
  if (auth === 'customer-link') return null;

  const personId = request.session.personId;
  const visitor = personId === undefined ? null : await options.personOf(personId);
  if (auth === 'session') requirePerson(visitor);
  if (method !== 'get') requireCsrfToken(request);
  return visitor;
}

async function requireTelephonyKey(request: Request, options: MountOptions): Promise<void> {
  const from = addressOf(request);
  const given = /^Bearer +(\S+)$/i.exec(request.get('authorization') ?? '')?.[1];
  if (given !== undefined && sameText(options.telephonyKey, given)) return;
  await options.limiter.count(rateRules.telephonyKeyFailures, from);
  throw new AppError('telephony.key', 'A valid telephony key is needed: Authorization: Bearer <key>.');
}

/** Guessing is slowed down where something can be guessed: personas and customer links. */
async function counted<T>(
  route: Route,
  request: Request,
  { limiter }: MountOptions,
  run: () => Promise<T>,
): Promise<T> {
  const { id, auth } = route.endpoint;
  const signIn = id === 'identity.sign-in';
  if (!signIn && auth !== 'customer-link') return run();
  const from = addressOf(request);
  const failures = signIn ? rateRules.signInFailures : rateRules.customerLinkFailures;
  await limiter.check(failures, from);
  if (signIn) await limiter.count(rateRules.signIns, from);
  try {
    return await run();
  } catch (error) {
    if (error instanceof AppError && error.blame === 'caller') await limiter.count(failures, from);
    throw error;
  }
}

const addressOf = (request: Request): string => request.ip ?? 'unknown';

function validate(
  where: 'params' | 'query' | 'body',
  schema: z.ZodType | undefined,
  given: unknown,
): unknown {
  if (!schema) return undefined;
  if (where === 'body' && given === undefined) {
    throw new AppError('request.invalid', 'A JSON body is needed (Content-Type: application/json).', {
      details: { fields: [{ path: 'body', message: 'missing' }] },
    });
  }
  const result = schema.safeParse(given);
  if (!result.success) throw invalid(where, result.error);
  return result.data;
}

function respond(route: Route, response: Response, answer: unknown, options: MountOptions): void {
  const { id, status = 200 } = route.endpoint;
  const schema: z.ZodType = route.endpoint.response;
  response.set('cache-control', 'no-store');
  if (status === 204) {
    response.status(204).end();
    return;
  }
  const result = schema.safeParse(answer);
  if (!result.success) {
    const fields = result.error.issues.map(
      (issue) => `${issue.path.map(String).join('.')}: ${issue.message}`,
    );
    options.log.error({ endpoint: id, fields }, 'the answer is not what the contract says');
    if (options.strictAnswers) {
      throw new AppError('internal', 'Something went wrong on our side. Please try again.', {
        cause: new Error(`${id} answered against its contract: ${fields.join('; ')}`),
      });
    }
  }
  // The parsed answer has only what the contract names: a store's extra field never leaves by accident.
  response.status(status).json(result.success ? result.data : answer);
}
