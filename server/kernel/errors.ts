import { type ErrorCode, errorStatus } from '#contract/errors.ts';

/** Whose fault it is: the caller's, a destination's (S3, Redis, MongoDB), or ours. Told apart in logs and metrics. */
export type Blame = 'caller' | 'destination' | 'ours';

/**
 * The one error type. `message` is a sentence a person can read; `details` are safe to send and to log:
 * ids, counts and field names, never names, numbers or audio.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details;
  }

  get status(): number {
    return errorStatus[this.code];
  }

  get blame(): Blame {
    if (this.code.startsWith('store.')) return 'destination';
    return this.status >= 500 ? 'ours' : 'caller';
  }
}

/** Any thrown thing as an AppError; unknown ones become `internal` with the cause kept for the log. */
export function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError('internal', 'Something went wrong on our side. Please try again.', { cause: thrown });
}
