import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import { AppError } from '#kernel/errors.ts';
import { newSecret } from '#kernel/ids.ts';
import type { SessionControl } from './route.ts';
import type { RedisSessionStore } from './session-store.ts';

export const sessionCookie = 'cloud_listening_session';
export const csrfHeader = 'x-csrf-token';

/** The cookie is httpOnly and SameSite=Lax, Secure in production, and ends with the longest session. */
export function sessionMiddleware(
  store: RedisSessionStore,
  options: { secret: string; secure: boolean },
): RequestHandler {
  return session({
    name: sessionCookie,
    store,
    secret: options.secret,
    resave: false,
    saveUninitialized: false,
    unset: 'destroy',
    genid: newSecret,
    cookie: { httpOnly: true, sameSite: 'lax', secure: options.secure, path: '/' },
  });
}

/**
 * The session id in a Cookie header, or null if there is none or its signature is not ours.
 * For doors that are not express: the value is `s:<id>.<HMAC-SHA256 of the id, base64 without padding>`.
 */
export function sessionIdOf(cookieHeader: string | undefined, secret: string): string | null {
  for (const part of (cookieHeader ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at < 0 || part.slice(0, at).trim() !== sessionCookie) continue;
    let value: string;
    try {
      value = decodeURIComponent(part.slice(at + 1).trim());
    } catch {
      continue;
    }
    const dot = value.lastIndexOf('.');
    if (!value.startsWith('s:') || dot < 2) continue;
    const id = value.slice(2, dot);
    const mac = createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');
    if (sameText(mac, value.slice(dot + 1))) return id;
  }
  return null;
}

/** Compares secrets in a time that does not depend on where they differ. */
export function sameText(expected: string, given: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest();
  return timingSafeEqual(digest(expected), digest(given));
}

/** Refuses a changing request that does not carry its session's own token: another site can send the cookie, not this. */
export function requireCsrfToken(request: Request): void {
  const expected = request.session.csrfToken;
  const given = request.get(csrfHeader);
  if (expected !== undefined && given !== undefined && sameText(expected, given)) return;
  throw new AppError(
    'session.csrf',
    'This request did not come from a page of this session. Reload the page and try again.',
  );
}

/** What a handler may do with the session. `onEnd` is told the id of every signed-in session that ends. */
export function sessionControl(request: Request, onEnd: (sid: string) => void): SessionControl {
  const token = () => {
    request.session.csrfToken ??= newSecret();
    return request.session.csrfToken;
  };

  // A new id at every change of who is signed in, so that an id planted before is worth nothing after.
  const replace = async (personId: string | undefined) => {
    const endedId = request.session.personId === undefined ? null : request.sessionID;
    await new Promise<void>((resolve, reject) =>
      request.session.regenerate((error: unknown) => (error ? reject(error) : resolve())),
    );
    if (personId !== undefined) request.session.personId = personId;
    const csrfToken = token();
    // Stored before the answer: the next request may come in by another instance.
    await new Promise<void>((resolve, reject) =>
      request.session.save((error: unknown) => (error ? reject(error) : resolve())),
    );
    if (endedId !== null) onEnd(endedId);
    return { csrfToken };
  };

  return {
    get csrfToken() {
      return token();
    },
    signIn: (personId) => replace(personId),
    signOut: () => replace(undefined),
  };
}

/** A mark by which a session can be named between instances without giving its id away. */
export function sessionMark(sid: string): string {
  return createHmac('sha256', 'session-mark').update(sid).digest('base64url');
}
