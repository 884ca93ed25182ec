import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import type { ErrorBody } from '#contract/errors.ts';
import { AppError } from '#kernel/errors.ts';
import { faultOf } from '#kernel/faults.ts';
import type { Log } from '#kernel/log.ts';

/** The body that every door answers an error with. */
export function errorBodyOf(error: AppError, requestId?: string): ErrorBody {
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(error.details && { details: error.details }),
      ...(requestId !== undefined && { requestId }),
    },
  };
}

/** `request.invalid` with a sentence for the first problem and every field's path in `details.fields`. */
export function invalid(where: string, error: z.ZodError): AppError {
  const fields = error.issues.map((issue) => ({
    path: [where, ...issue.path.map(String)].join('.'),
    message: issue.message,
  }));
  const first = fields[0];
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : '';
  return new AppError(
    'request.invalid',
    `The request is not valid: ${first?.path}: ${first?.message}${more}.`,
    {
      details: { fields: fields.slice(0, 20) },
    },
  );
}

export const requestIdOf = (response: Response): string => String(response.locals.requestId);

export const unknownRoute: RequestHandler = (request, _response, next) => {
  next(new AppError('route.unknown', `There is no ${request.method} at this address.`));
};

/** The last handler: everything thrown leaves as JSON with a stable code; only our own faults are logged with their cause. */
export function errorAnswer(log: Log): ErrorRequestHandler {
  return (thrown: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(thrown);
      return;
    }
    const error = fromParser(thrown) ?? faultOf(thrown);
    const requestId = requestIdOf(response);
    response.locals.errorCode = error.code;
    if (error.blame !== 'caller') {
      log.error(
        { requestId, code: error.code, blame: error.blame, err: error.cause ?? error },
        'request failed',
      );
    }
    if (error.code === 'rate.limited') {
      response.set('retry-after', String(error.details?.retryAfterSeconds ?? 60));
    }
    response.status(error.status).json(errorBodyOf(error, requestId));
  };
}

/** Errors of express itself (body-parser, path decoding) carry a type or a 4xx status. */
function fromParser(thrown: unknown): AppError | null {
  if (!(thrown instanceof Error) || thrown instanceof AppError) return null;
  const { type, status, limit } = thrown as { type?: string; status?: number; limit?: number };
  if (type === 'entity.too.large') {
    return new AppError('request.too-large', `The body is too large: at most ${limit} bytes.`, {
      details: { limit },
    });
  }
  if (type === 'entity.parse.failed') return new AppError('request.malformed', 'The body is not valid JSON.');
  if (status !== undefined && status >= 400 && status < 500) {
    return new AppError('request.malformed', 'The request could not be read.', {
      ...(type !== undefined && { details: { reason: type } }),
    });
  }
  return null;
}
