import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { expect } from 'chai';
import { accessKey, bucket, type EmbeddedStore, openEmbeddedStore, secretKey } from './object-store.ts';
import { type RawAnswer, type SignOptions, sendRaw, sha256, signChunks, signRequest } from './raw-request.ts';

const crc32Of = (data: Buffer) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(data));
  return bytes.toString('base64');
};

describe('requests that no honest client sends', () => {
  let store: EmbeddedStore;
  let host: string;
  const target = `/${bucket}/victim`;

  before(async () => {
    store = await openEmbeddedStore();
    host = new URL(store.server.endpoint).host;
    await store.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'victim', Body: 'untouched' }));
  });
  after(() => store.close());
  afterEach(async () => {
    const answer = await store.client.send(new GetObjectCommand({ Bucket: bucket, Key: 'victim' }));
    expect(await answer.Body!.transformToString(), 'the object that was there').to.equal('untouched');
    const blobs = await readdir(`${store.dataDir}/blobs`);
    expect(blobs, 'nothing is left of what was refused').to.have.length(1);
  });

  const sign = (more: Partial<SignOptions> = {}) =>
    signRequest({ method: 'GET', target, accessKey, secretKey, host, ...more });
  const send = (method: string, to: string, headers: Record<string, string>, body?: string | Buffer) =>
    sendRaw(store.server.endpoint, method, to, headers, body);

  function expectCode(answer: RawAnswer, code: string, status: number): void {
    expect(answer.code, answer.body).to.equal(code);
    expect(answer.status).to.equal(status);
    expect(answer.body).to.match(/<RequestId>\w+<\/RequestId>/);
  }

  it('are well-formed but for the fault under test', async () => {
    const answer = await send('GET', target, sign().headers);
    expect(answer.status).to.equal(200);
    expect(answer.body).to.equal('untouched');
  });

  it('come without a signature, or with one of another kind', async () => {
    expectCode(await send('GET', target, { host }), 'AccessDenied', 403);
    const old = { host, authorization: `AWS ${accessKey}:c2lnbmF0dXJl` };
    expectCode(await send('GET', target, old), 'InvalidRequest', 400);
    const broken = { ...sign().headers, authorization: 'AWS4-HMAC-SHA256 nonsense' };
    expectCode(await send('GET', target, broken), 'AuthorizationHeaderMalformed', 400);
    const both = `${target}?X-Amz-Algorithm=AWS4-HMAC-SHA256`;
    expectCode(await send('GET', both, sign().headers), 'InvalidArgument', 400);
    const half = `${target}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=9`;
    expectCode(await send('GET', half, { host }), 'AuthorizationQueryParametersError', 400);
  });

  it('were changed after they were signed', async () => {
    const { headers } = sign();
    expectCode(await send('GET', `${target}2`, headers), 'SignatureDoesNotMatch', 403);
    expectCode(await send('GET', `${target}?x-id=GetObject`, headers), 'SignatureDoesNotMatch', 403);
    expectCode(await send('DELETE', target, headers), 'SignatureDoesNotMatch', 403);
    expectCode(
      await send('GET', target, { ...headers, host: `localhost:${host}` }),
      'SignatureDoesNotMatch',
      403,
    );
    const last = headers.authorization!.at(-1);
    const turned = {
      ...headers,
      authorization: headers.authorization!.slice(0, -1) + (last === '0' ? '1' : '0'),
    };
    expectCode(await send('GET', target, turned), 'SignatureDoesNotMatch', 403);
    const cut = { ...headers, authorization: headers.authorization!.slice(0, -1) };
    expectCode(await send('GET', target, cut), 'SignatureDoesNotMatch', 403);
    const added = { ...headers, 'x-amz-meta-added': 'on the way' };
    expectCode(await send('GET', target, added), 'AccessDenied', 403);
  });

  it('are signed with a wrong secret, for another service or at another time', async () => {
    expectCode(await send('GET', target, sign({ secretKey: 'guess' }).headers), 'SignatureDoesNotMatch', 403);
    expectCode(await send('GET', target, sign({ accessKey: 'guess' }).headers), 'InvalidAccessKeyId', 403);
    for (const minutes of [-16, 16]) {
      const { headers } = sign({ date: new Date(Date.now() + minutes * 60_000) });
      expectCode(await send('GET', target, headers), 'RequestTimeTooSkewed', 403);
    }
    const { headers } = sign();
    const other = { ...headers, authorization: headers.authorization!.replace('/s3/', '/ec2/') };
    expectCode(await send('GET', target, other), 'AuthorizationHeaderMalformed', 400);
  });

  it('try to leave the folder', async () => {
    for (const path of [
      '/../../etc/passwd',
      `/${bucket}/../../etc/passwd`,
      `/${bucket}%2f..%2f..%2fetc%2fpasswd`,
    ]) {
      const { headers } = sign({ target: path });
      const answer = await send('GET', path, headers);
      expect(answer.status, path).to.be.oneOf([403, 404]);
      expect(answer.body, path).not.to.contain('root:');
    }
    for (const path of [`/${bucket}/%zz`, `/${bucket}/%ff`, 'http://elsewhere/x']) {
      expectCode(await send('GET', path, sign({ target: path }).headers), 'InvalidURI', 400);
    }
  });

  it('send other bytes than they signed or summed up', async () => {
    const write = async (headers: Record<string, string>, payload: string, body: string) =>
      send('PUT', target, sign({ method: 'PUT', headers, payload }).headers, body);
    expectCode(await write({}, sha256('promised'), 'sent'), 'XAmzContentSHA256Mismatch', 400);
    expectCode(await write({}, 'nonsense', 'sent'), 'NotImplemented', 501);
    const md5 = createHash('md5').update('promised').digest('base64');
    expectCode(await write({ 'content-md5': md5 }, 'UNSIGNED-PAYLOAD', 'sent'), 'BadDigest', 400);
    const sum = { 'x-amz-checksum-crc32': crc32Of(Buffer.from('promised')) };
    expectCode(await write(sum, 'UNSIGNED-PAYLOAD', 'sent'), 'BadDigest', 400);
    const two = { ...sum, 'x-amz-checksum-crc32c': 'AAAAAA==' };
    expectCode(await write(two, 'UNSIGNED-PAYLOAD', 'sent'), 'InvalidRequest', 400);
    const named = { 'x-amz-sdk-checksum-algorithm': 'SHA256' };
    expectCode(await write(named, 'UNSIGNED-PAYLOAD', 'sent'), 'InvalidRequest', 400);
  });

  it('announce more than the server can hold, or no length at all', async () => {
    const { headers } = sign({ method: 'PUT' });
    const huge = { ...headers, 'content-length': String(6 * 1024 ** 3) };
    expectCode(await send('PUT', target, huge), 'EntityTooLarge', 400);
    const endless = { ...headers, 'transfer-encoding': 'chunked' } as Record<string, string>;
    delete endless['content-length'];
    const bytes = Buffer.from('0\r\n\r\n');
    const answer = await sendRaw(store.server.endpoint, 'PUT', target, endless, bytes).catch(() => undefined);
    expect(answer?.status, answer?.body).to.be.oneOf([400, 411]);
  });

  describe('in chunks with a trailer', () => {
    const content = Buffer.from('0123456789');
    const goodTrailer = `x-amz-checksum-crc32:${crc32Of(content)}\r\n\r\n`;

    async function write(body: string, more: Record<string, string> = {}): Promise<RawAnswer> {
      const headers = {
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': String(content.length),
        'x-amz-trailer': 'x-amz-checksum-crc32',
        ...more,
      };
      const payload = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
      const written = `/${bucket}/chunked`;
      const signed = sign({ method: 'PUT', target: written, headers, payload });
      return send('PUT', written, signed.headers, body);
    }

    it('are taken when all is right', async () => {
      expect((await write(`4\r\n0123\r\n6\r\n456789\r\n0\r\n${goodTrailer}`)).status).to.equal(200);
      const { headers } = sign({ target: `/${bucket}/chunked` });
      expect((await send('GET', `/${bucket}/chunked`, headers)).body).to.equal('0123456789');
      const gone = sign({ method: 'DELETE', target: `/${bucket}/chunked` });
      expect((await send('DELETE', `/${bucket}/chunked`, gone.headers)).status).to.equal(204);
    });

    for (const [fault, body, code, more] of [
      ['the wrong sum', 'a\r\n0123456789\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', 'BadDigest'],
      ['no sum', 'a\r\n0123456789\r\n0\r\n\r\n', 'MalformedTrailerError'],
      ['another sum', 'a\r\n0123456789\r\n0\r\nx-amz-checksum-sha1:x\r\n\r\n', 'MalformedTrailerError'],
      ['no sum at all', 'a\r\n0123456789\r\n0\r\nx-amz-checksum-crc32:x\r\n\r\n', 'InvalidRequest'],
      [
        'a trailer beyond the announced',
        `a\r\n0123456789\r\n0\r\nx-other:1\r\n${goodTrailer}`,
        'MalformedTrailerError',
      ],
      ['a trailer that is no header', 'a\r\n0123456789\r\n0\r\nnonsense\r\n\r\n', 'MalformedTrailerError'],
      [
        'an announced trailer unknown here',
        `0\r\n${goodTrailer}`,
        'InvalidRequest',
        { 'x-amz-trailer': 'x-other' },
      ],
      ['fewer bytes', `4\r\n0123\r\n0\r\n${goodTrailer}`, 'IncompleteBody'],
      ['more bytes', `b\r\n0123456789A\r\n0\r\n${goodTrailer}`, 'IncompleteBody'],
      ['an end in the middle of a chunk', 'a\r\n01234', 'IncompleteBody'],
      ['an end in the middle of a size', 'a', 'IncompleteBody'],
      ['a size that is none', `ten\r\n0123456789\r\n0\r\n${goodTrailer}`, 'InvalidRequest'],
      ['a negative size', `-a\r\n0123456789\r\n0\r\n${goodTrailer}`, 'InvalidRequest'],
      ['a chunk longer than its size', `4\r\n0123456789\r\n0\r\n${goodTrailer}`, 'InvalidRequest'],
      ['an endless chunk head', 'a'.repeat(20_000), 'InvalidRequest'],
      ['bytes after the end', `a\r\n0123456789\r\n0\r\n${goodTrailer}more`, 'InvalidRequest'],
    ] as [string, string, string, Record<string, string>?][]) {
      it(`are refused with ${fault}`, async () => {
        expectCode(await write(body, more), code, 400);
      });
    }

    it('are refused without a decoded length', async () => {
      const answer = await write(`a\r\n0123456789\r\n0\r\n${goodTrailer}`, {
        'x-amz-decoded-content-length': '',
      });
      expectCode(answer, 'MissingContentLength', 411);
    });
  });

  describe('in signed chunks', () => {
    const chunks = [Buffer.alloc(8192, 'a'), Buffer.alloc(100, 'b')];
    const content = Buffer.concat(chunks);
    const written = `/${bucket}/signed`;

    function start(payload: string, trailer?: string) {
      const headers = {
        'x-amz-decoded-content-length': String(content.length),
        ...(trailer && { 'x-amz-trailer': trailer }),
      };
      return sign({ method: 'PUT', target: written, headers, payload });
    }

    async function removeWritten(): Promise<void> {
      const { headers } = sign({ method: 'DELETE', target: written });
      expect((await send('DELETE', written, headers)).status).to.equal(204);
    }

    it('are taken when every link holds, and refused when one byte or one link is another', async () => {
      const signed = start('STREAMING-AWS4-HMAC-SHA256-PAYLOAD');
      const body = signChunks(signed, chunks);
      expect((await send('PUT', written, signed.headers, body)).status).to.equal(200);
      const back = await send('GET', written, sign({ target: written }).headers);
      expect(back.body).to.equal(content.toString());
      await removeWritten();
      const harmed = Buffer.from(body);
      harmed[harmed.indexOf('bbb')] = 0x63;
      expectCode(await send('PUT', written, signed.headers, harmed), 'SignatureDoesNotMatch', 403);
      const unsigned = Buffer.from(body.toString('latin1').replace(/;chunk-signature=\w+/g, ''), 'latin1');
      expectCode(await send('PUT', written, signed.headers, unsigned), 'InvalidRequest', 400);
    });

    it('are taken with a signed trailer, and refused when the trailer was changed', async () => {
      const trailer = `x-amz-checksum-crc32:${crc32Of(content)}`;
      const signed = start('STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', 'x-amz-checksum-crc32');
      const body = signChunks(signed, chunks, trailer).toString('latin1');
      expect((await send('PUT', written, signed.headers, body)).status).to.equal(200);
      await removeWritten();
      const changed = body.replace(trailer, 'x-amz-checksum-crc32:AAAAAA==');
      expectCode(await send('PUT', written, signed.headers, changed), 'SignatureDoesNotMatch', 403);
      const without = body.replace(/x-amz-trailer-signature:\w+\r\n/, '');
      expectCode(await send('PUT', written, signed.headers, without), 'SignatureDoesNotMatch', 403);
    });
  });

  it('move metadata into a signed query that could not be sent back in a header', async () => {
    const client = store.connect({ requestChecksumCalculation: 'WHEN_REQUIRED' });
    for (const Metadata of [{ a: 'b\r\nset-cookie: c' }, { a: '通话' }, { 'a b': 'c' }] as Record<
      string,
      string
    >[]) {
      const url = new URL(
        await getSignedUrl(client, new PutObjectCommand({ Bucket: bucket, Key: 'victim', Metadata })),
      );
      expect(url.search).to.contain('x-amz-meta-');
      expectCode(await send('PUT', url.pathname + url.search, { host }, 'x'), 'InvalidArgument', 400);
    }
    client.destroy();
  });

  it('ask for what this server does not do', async () => {
    for (const [method, to] of [
      ['GET', `/${bucket}?policy=`],
      ['GET', `/${bucket}?prefix=x`],
      ['PUT', `/${bucket}/victim?tagging=`],
      ['PUT', `/${bucket}?cors=`],
      ['GET', '/'],
      ['POST', `/${bucket}/victim`],
      ['PATCH', `/${bucket}/victim`],
      ['GET', `/${bucket}/victim?unknown=1`],
    ] as const) {
      const { headers } = sign({ method, target: to });
      expectCode(await send(method, to, headers), 'NotImplemented', 501);
    }
    const copy = sign({ method: 'PUT', headers: { 'x-amz-copy-source': `/${bucket}/victim` } });
    expectCode(await send('PUT', target, copy.headers), 'NotImplemented', 501);
    const twice = `${target}?x-id=a&x-id=b`;
    expectCode(await send('GET', twice, sign({ target: twice }).headers), 'InvalidArgument', 400);
  });

  it('carry XML that is none, too long or not what was asked for', async () => {
    const to = `/${bucket}?delete=`;
    const remove = (body: string) => {
      const md5 = createHash('md5').update(body).digest('base64');
      const { headers } = sign({ method: 'POST', target: to, headers: { 'content-md5': md5 } });
      return send('POST', to, headers, body);
    };
    for (const body of [
      '',
      'nonsense',
      '<Delete>',
      '<Delete><Object><Key>victim</Key></Object>',
      '<Other><Object><Key>victim</Key></Object></Other>',
      '<Delete></Delete>',
      '<Delete><Object></Object></Delete>',
      '<!DOCTYPE x [<!ENTITY e "victim">]><Delete><Object><Key>&e;</Key></Object></Delete>',
      '<Delete><Object><Key>&e;</Key></Object></Delete>',
      `<Delete>${'<Object><Key>k</Key></Object>'.repeat(1001)}</Delete>`,
    ]) {
      expectCode(await remove(body), 'MalformedXML', 400);
    }
    expectCode(await remove(' '.repeat(3 * 1024 * 1024)), 'MaxMessageLengthExceeded', 400);
    const version = '<Delete><Object><Key>victim</Key><VersionId>v</VersionId></Object></Delete>';
    expectCode(await remove(version), 'NotImplemented', 501);
    const { headers } = sign({ method: 'POST', target: to });
    const unsummed = await send('POST', to, headers, '<Delete><Object><Key>victim</Key></Object></Delete>');
    expectCode(unsummed, 'InvalidRequest', 400);
  });
});
