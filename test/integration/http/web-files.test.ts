import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import express from 'express';
import { errorAnswer, unknownRoute } from '#http/error-answer.ts';
import { listen } from '#http/listen.ts';
import { serveWebFiles } from '#http/web-files.ts';
import { createLog } from '#kernel/log.ts';

describe('The web app', () => {
  let folder: string;
  let server: Server;
  let url: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cloud-listening-web-'));
    await mkdir(join(folder, 'dist/assets'), { recursive: true });
    await writeFile(join(folder, 'dist/index.html'), '<!doctype html><title>page</title>');
    await writeFile(join(folder, 'dist/assets/index-4f2a.js'), 'export {};');
    await writeFile(join(folder, 'dist/favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    await writeFile(join(folder, 'secret.txt'), 'secret');
    const app = express();
    expect(serveWebFiles(app, join(folder, 'dist'))).to.equal(true);
    app.use(unknownRoute);
    app.use(errorAnswer(createLog('test', 'silent')));
    server = createServer(app);
    url = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`;
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  const html = { accept: 'text/html,*/*' };

  it('keeps hashed files for a year and asks for its page anew', async () => {
    const asset = await fetch(`${url}/assets/index-4f2a.js`);
    expect(asset.headers.get('cache-control')).to.equal('public, max-age=31536000, immutable');
    expect(asset.headers.get('content-type')).to.match(/javascript/);
    const page = await fetch(`${url}/`, { headers: html });
    expect(page.headers.get('cache-control')).to.equal('no-cache');
    expect(await page.text()).to.include('<title>page</title>');
    expect((await fetch(`${url}/favicon.svg`)).headers.get('content-type')).to.match(/svg/);
  });

  it('has its page under every address of its own, and under none of the API’s', async () => {
    for (const path of ['/seats', '/recordings/rec_1', '/rooms/slot_1?call=2']) {
      const response = await fetch(url + path, { headers: html });
      expect(await response.text(), path).to.include('<title>page</title>');
    }
    for (const path of ['/api/nothing', '/api', '/assets/gone-1234.js', '/socket.io/x', '/metrics/x']) {
      const response = await fetch(url + path, { headers: html });
      expect(response.status, path).to.equal(404);
      expect(await response.json()).to.have.nested.property('error.code', 'route.unknown');
    }
    expect((await fetch(`${url}/seats`, { method: 'POST', headers: html })).status).to.equal(404);
  });

  it('gives nothing beside its folder', async () => {
    for (const path of [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/assets/%2e%2e/%2e%2e/secret.txt',
    ]) {
      const response = await fetch(url + path);
      expect(await response.text(), path).to.not.equal('secret');
    }
  });

  it('is left out where it was not built', () => {
    expect(serveWebFiles(express(), join(folder, 'nowhere'))).to.equal(false);
  });
});
