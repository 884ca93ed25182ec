import { type ErrorBody, type ErrorCode, errorBody } from '#contract/errors.ts';

/** What can go wrong before a server answers. They have sentences in both catalogues like the server's codes. */
export type ClientErrorCode =
  | 'client.offline'
  | 'client.timeout'
  | 'client.shift-unsupported'
  | 'client.opus-unsupported'
  | 'client.unexpected';
export type AnyErrorCode = ErrorCode | ClientErrorCode;

/** A request that failed. `code` is stable and picks the sentence people read; `message` is for logs. */
export class ApiError extends Error {
  readonly code: AnyErrorCode;
  /** HTTP status, 0 when no answer came. */
  readonly status: number;
  readonly details: Record<string, unknown>;
  readonly requestId: string | null;

  constructor(
    code: AnyErrorCode,
    message: string,
    more: {
      status?: number;
      details?: Record<string, unknown> | undefined;
      requestId?: string | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = 'ApiError';
    this.code = code;
    this.status = more.status ?? 0;
    this.details = more.details ?? {};
    this.requestId = more.requestId ?? null;
  }
}

export function apiErrorFrom(body: unknown, status: number): ApiError {
  const parsed = errorBody.safeParse(body);
  if (!parsed.success) return new ApiError('client.unexpected', `unexpected answer (${status})`, { status });
  return apiErrorOf(parsed.data, status);
}

export function apiErrorOf({ error }: ErrorBody, status = 0): ApiError {
  return new ApiError(error.code, error.message, {
    status,
    details: error.details,
    requestId: error.requestId,
  });
}

/** Any thrown value as an ApiError, so that a page can always say what happened. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return new ApiError('client.unexpected', thrown instanceof Error ? thrown.message : String(thrown), {
    cause: thrown,
  });
}
