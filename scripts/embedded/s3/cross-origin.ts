import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './errors.ts';
import type { Reply } from './s3-request.ts';

/**
 * What a bucket's CORS rules would say: any origin may use what it holds a signed URL for. The address is loopback
 * and nothing is answered without a signature, so the origin adds no protection.
 */
const allowedMethods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'];
const exposedHeaders = [
  'ETag',
  'Content-Range',
  'Accept-Ranges',
  'Content-Length',
  'Content-Disposition',
  'Last-Modified',
  'x-amz-request-id',
];

/** Headers of an answer to a page of another origin. */
export function crossOriginHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  if (headers.origin === undefined) return {};
  return {
    'access-control-allow-origin': '*',
    'access-control-expose-headers': exposedHeaders.join(', '),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

/** The answer to OPTIONS. @throws S3Error BadRequest, AccessForbidden */
export function preflight(headers: IncomingHttpHeaders): Reply {
  const method = headers['access-control-request-method'];
  if (headers.origin === undefined || method === undefined) {
    throw new S3Error('BadRequest', 'Insufficient information. Origin request header needed.');
  }
  if (!allowedMethods.includes(method)) throw new S3Error('AccessForbidden');
  const requested = headers['access-control-request-headers'];
  return {
    status: 200,
    headers: {
      'access-control-allow-methods': allowedMethods.join(', '),
      'access-control-max-age': '3000',
      ...(requested && { 'access-control-allow-headers': requested }),
    },
  };
}
