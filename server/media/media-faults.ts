import { errors } from 'mediasoup';
import { AppError } from '#kernel/errors.ts';

/**
 * What mediasoup threw, as an error with a stable code. A dead worker is ours (`media.unavailable`); anything that
 * a request's own parameters caused is the caller's, with `code` and mediasoup's reason kept as the cause.
 */
export function mediaFault(
  thrown: unknown,
  code: 'media.parameters' | 'media.capabilities',
  message: string,
): AppError {
  if (thrown instanceof AppError) return thrown;
  if (workerGone(thrown)) return unavailable(thrown);
  return new AppError(code, message, { cause: thrown });
}

/** The worker died, or the router or transport was closed, while the request was under way. */
export function workerGone(thrown: unknown): boolean {
  return thrown instanceof errors.WorkerClosedError;
}

/** What was asked about is not there any more: a producer that closed while it was being consumed. */
export function entityGone(thrown: unknown): boolean {
  return thrown instanceof errors.NotFoundError;
}

export function unavailable(cause?: unknown): AppError {
  return new AppError(
    'media.unavailable',
    'The media service is restarting. Please try again in a moment.',
    cause === undefined ? {} : { cause },
  );
}

export function callOver(callId: string): AppError {
  return new AppError('call.ended', 'This call is over.', { details: { callId } });
}
