import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { ServerConfig } from '#kernel/config.ts';

/** The origins that signed audio addresses may have: the endpoint itself, or the bucket's own host in front of it. */
export function audioOrigins(
  config: Pick<
    ServerConfig,
    'S3_ENDPOINT' | 'S3_PUBLIC_ENDPOINT' | 'S3_REGION' | 'S3_BUCKET' | 'S3_FORCE_PATH_STYLE'
  >,
): string[] {
  const endpoint = new URL(
    config.S3_PUBLIC_ENDPOINT ?? config.S3_ENDPOINT ?? `https://s3.${config.S3_REGION}.amazonaws.com`,
  );
  if (config.S3_FORCE_PATH_STYLE) return [endpoint.origin];
  return [endpoint.origin, `${endpoint.protocol}//${config.S3_BUCKET}.${endpoint.host}`];
}

/** Helmet with a policy that lets pages reach this server (HTTP and WebSocket) and play audio from S3, and nothing else. */
export function securityHeaders(config: ServerConfig): RequestHandler {
  const audio = audioOrigins(config);
  const https = config.PUBLIC_URL?.startsWith('https:') ?? false;
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        'base-uri': ["'self'"],
        'connect-src': ["'self'", ...audio],
        'font-src': ["'self'", 'data:'],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
        'img-src': ["'self'", 'data:', 'blob:'],
        'media-src': ["'self'", 'blob:', ...audio],
        'object-src': ["'none'"],
        'script-src': ["'self'"],
        'script-src-attr': ["'none'"],
        // Ant Design writes its tokens into style elements.
        'style-src': ["'self'", "'unsafe-inline'"],
        'worker-src': ["'self'", 'blob:'],
        ...(https ? { 'upgrade-insecure-requests': [] } : {}),
      },
    },
    strictTransportSecurity: https,
  });
}

/** Only our own pages may ask for the microphone. Helmet has no header for this. */
export const permissionsPolicy: RequestHandler = (_request, response, next) => {
  response.set('permissions-policy', 'microphone=(self), camera=(), geolocation=()');
  next();
};
