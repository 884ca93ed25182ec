import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import express, { type Express } from 'express';

/**
 * Serves the built web app, if there is one. Files under `assets/` carry a hash of their content in their
 * names, so they are kept for a year; the page itself is asked for anew each time.
 * Every other address that a browser navigates to gets the page: the app has routes of its own.
 */
export function serveWebFiles(app: Express, root: string): boolean {
  const folder = resolve(root);
  const page = resolve(folder, 'index.html');
  if (!existsSync(page)) return false;
  app.use(
    '/assets',
    express.static(resolve(folder, 'assets'), {
      immutable: true,
      maxAge: '365d',
      index: false,
      fallthrough: true,
    }),
  );
  app.use(express.static(folder, { index: false, maxAge: 0 }));
  app.use((request, response, next) => {
    const navigates = request.method === 'GET' || request.method === 'HEAD';
    const reserved = /^\/(api|assets|socket\.io|metrics|healthz|readyz)(\/|$)/.test(request.path);
    if (!navigates || reserved || !request.accepts('html')) {
      next();
      return;
    }
    response.set('cache-control', 'no-cache').sendFile(page);
  });
  return true;
}
