import { AppError, asAppError } from './errors.ts';
import { isMongoOutage } from './mongo.ts';
import { isRedisOutage } from './redis.ts';

/** Any thrown thing as the error a door answers with: a store that cannot be reached is told apart from our own bugs. */
export function faultOf(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (isMongoOutage(thrown) || isRedisOutage(thrown)) {
    return new AppError(
      'store.unavailable',
      'The service is not reachable right now. Please try again shortly.',
      {
        cause: thrown,
      },
    );
  }
  return asAppError(thrown);
}
