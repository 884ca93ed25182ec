import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect } from 'chai';
import { accessKey, bucket, embeddedConfig, type ObjectStore, openConformanceStore } from './object-store.ts';

describe('presigned URLs, made by the official presigner', () => {
  let store: ObjectStore;
  let key: string;
  const audio = 'OggS-not-really-audio';

  before(async () => {
    store = await openConformanceStore();
    key = `${store.prefix}通话 1/call+a&b.ogg`;
    await store.client.send(
      new PutObjectCommand({ Bucket: store.bucket, Key: key, Body: audio, ContentType: 'audio/ogg' }),
    );
  });
  after(() => store.close());

  const sign = (more: Record<string, unknown> = {}, options: Parameters<typeof getSignedUrl>[2] = {}) =>
    getSignedUrl(store.client, new GetObjectCommand({ Bucket: store.bucket, Key: key, ...more }), {
      expiresIn: 60,
      ...options,
    });

  /** the code in the XML of a refusal */
  async function refusal(answer: Response): Promise<string> {
    expect(answer.headers.get('content-type')).to.contain('xml');
    return /<Code>(\w+)<\/Code>/.exec(await answer.text())?.[1] ?? '';
  }

  it('give the object to whoever holds them, in ranges too', async () => {
    const url = await sign();
    const whole = await fetch(url);
    expect(whole.status).to.equal(200);
    expect(whole.headers.get('content-type')).to.equal('audio/ogg');
    expect(whole.headers.get('accept-ranges')).to.equal('bytes');
    expect(await whole.text()).to.equal(audio);
    const part = await fetch(url, { headers: { range: 'bytes=5-7' } });
    expect(part.status).to.equal(206);
    expect(part.headers.get('content-range')).to.equal(`bytes 5-7/${audio.length}`);
    expect(await part.text()).to.equal('not');
    const resumed = { range: 'bytes=0-3', 'if-range': whole.headers.get('etag')! };
    expect((await fetch(url, { headers: resumed })).status).to.equal(206);
  });

  it('can set how the answer is named and typed', async () => {
    const url = await sign({
      ResponseContentType: 'audio/x-test',
      ResponseContentDisposition: 'attachment; filename="a b.ogg"',
      ResponseCacheControl: 'no-store',
    });
    const answer = await fetch(url);
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('content-type')).to.equal('audio/x-test');
    expect(answer.headers.get('content-disposition')).to.equal('attachment; filename="a b.ogg"');
    expect(answer.headers.get('cache-control')).to.equal('no-store');
    await answer.arrayBuffer();
  });

  it('are for one method and one object', async () => {
    const url = await sign();
    const written = await fetch(url, { method: 'PUT', body: 'overwritten' });
    expect(written.status).to.equal(403);
    expect(await refusal(written)).to.equal('SignatureDoesNotMatch');
    const other = await fetch(url.replace('call', 'cell'));
    expect(other.status).to.equal(403);
    expect(await refusal(other)).to.equal('SignatureDoesNotMatch');
    const longer = await fetch(url.replace('X-Amz-Expires=60', 'X-Amz-Expires=600'));
    expect(await refusal(longer)).to.equal('SignatureDoesNotMatch');
    expect(await (await fetch(url)).text()).to.equal(audio);
  });

  it('expire', async () => {
    const signingDate = new Date(Date.now() - 61_000);
    const late = await fetch(await sign({}, { signingDate }));
    expect(late.status).to.equal(403);
    const text = await late.text();
    expect(text).to.contain('<Code>AccessDenied</Code>').and.to.contain('expired');
  });

  it('upload too, with the type that was signed', async () => {
    const target = { Bucket: store.bucket, Key: `${store.prefix}uploaded` };
    const client = store.connect({ requestChecksumCalculation: 'WHEN_REQUIRED' });
    const command = new PutObjectCommand({ ...target, ContentType: 'text/plain', Metadata: { a: 'b' } });
    const url = await getSignedUrl(client, command, {
      expiresIn: 60,
      signableHeaders: new Set(['content-type']),
    });
    const wrongType = await fetch(url, {
      method: 'PUT',
      body: 'x',
      headers: { 'content-type': 'text/html' },
    });
    expect(await refusal(wrongType)).to.equal('SignatureDoesNotMatch');
    const right = { method: 'PUT', body: 'by the browser', headers: { 'content-type': 'text/plain' } };
    expect((await fetch(url, right)).status).to.equal(200);
    const known = await store.client.send(new HeadObjectCommand(target));
    expect(known.ContentType).to.equal('text/plain');
    expect(known.Metadata).to.deep.equal({ a: 'b' });
    expect(known.ContentLength).to.equal('by the browser'.length);
    client.destroy();
  });

  it('made with default settings carry the checksum of an empty body, so a real body is refused', async () => {
    const command = new PutObjectCommand({ Bucket: store.bucket, Key: `${store.prefix}trap` });
    const answer = await fetch(await getSignedUrl(store.client, command), {
      method: 'PUT',
      body: 'not empty',
    });
    expect(answer.status).to.equal(400);
    expect(await refusal(answer)).to.equal('BadDigest');
  });

  it('of a wrong secret or an unknown key open nothing', async () => {
    const config = {
      ...embeddedConfig('http://127.0.0.1:1'),
      endpoint: async () => store.client.config.endpoint!(),
    };
    const keys = [
      { accessKeyId: process.env.CONFORMANCE_S3_ACCESS_KEY ?? accessKey, secretAccessKey: 'wrong-secret' },
      { accessKeyId: 'UNKNOWNKEYUNKNOWNKEY', secretAccessKey: 'wrong-secret' },
    ];
    const codes: string[] = [];
    for (const credentials of keys) {
      const client = new S3Client({ ...config, credentials });
      const command = new GetObjectCommand({ Bucket: store.bucket, Key: key });
      const answer = await fetch(await getSignedUrl(client, command));
      expect(answer.status).to.equal(403);
      codes.push(await refusal(answer));
      client.destroy();
    }
    expect(codes).to.deep.equal(['SignatureDoesNotMatch', 'InvalidAccessKeyId']);
  });

  describe('from a page of another origin, on the embedded server', () => {
    before(function () {
      // on the real thing this is up to the bucket's CORS rules
      if (process.env.CONFORMANCE_S3_ENDPOINT) this.skip();
    });
    const origin = 'http://listening.test:8080';

    it('answer with what a player needs to see', async () => {
      const answer = await fetch(await sign(), { headers: { origin, range: 'bytes=0-3' } });
      expect(answer.status).to.equal(206);
      expect(answer.headers.get('access-control-allow-origin')).to.equal('*');
      const exposed = answer.headers.get('access-control-expose-headers')?.toLowerCase().split(', ');
      expect(exposed).to.include.members(['etag', 'content-range', 'accept-ranges', 'content-length']);
      await answer.arrayBuffer();
      const refused = await fetch(`${await sign()}0`, { headers: { origin } });
      expect(refused.status).to.equal(403);
      expect(refused.headers.get('access-control-allow-origin')).to.equal('*');
      await refused.arrayBuffer();
    });

    it('are preceded by a preflight that needs no signature', async () => {
      const url = new URL(`/${bucket}/any`, await sign());
      const asked = {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'range',
      };
      const answer = await fetch(url, { method: 'OPTIONS', headers: asked });
      expect(answer.status).to.equal(200);
      expect(answer.headers.get('access-control-allow-methods')).to.contain('GET');
      expect(answer.headers.get('access-control-allow-headers')).to.equal('range');
      const refused = { ...asked, 'access-control-request-method': 'PATCH' };
      expect((await fetch(url, { method: 'OPTIONS', headers: refused })).status).to.equal(403);
      expect((await fetch(url, { method: 'OPTIONS' })).status).to.equal(400);
    });
  });
});
