import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { expectRefusal, type ObjectStore, openConformanceStore } from './object-store.ts';

describe('objects, as the official client sees them', () => {
  let store: ObjectStore;
  let keys = 0;

  before(async () => {
    store = await openConformanceStore();
  });
  after(() => store.close());

  const newKey = () => `${store.prefix}object-${++keys}`;
  const put = (Key: string, Body: PutObjectCommandInput['Body'], more: Partial<PutObjectCommandInput> = {}) =>
    store.client.send(new PutObjectCommand({ Bucket: store.bucket, Key, Body, ...more }));
  const get = (Key: string, more: Record<string, unknown> = {}) =>
    store.client.send(new GetObjectCommand({ Bucket: store.bucket, Key, ...more }));
  const head = (Key: string, more: Record<string, unknown> = {}) =>
    store.client.send(new HeadObjectCommand({ Bucket: store.bucket, Key, ...more }));
  const textOf = async (answer: ReturnType<typeof get>) => (await answer).Body!.transformToString();

  it('come back byte by byte, with the checksum they were sent with', async () => {
    const key = newKey();
    const body = randomBytes(3_000_000);
    const written = await put(key, body);
    expect(written.ETag).to.equal(`"${createHash('md5').update(body).digest('hex')}"`);
    const read = await get(key, { ChecksumMode: 'ENABLED' });
    expect(read.ChecksumCRC32).to.equal(written.ChecksumCRC32).and.to.have.length(8);
    expect(read.ContentLength).to.equal(body.length);
    expect(body.equals(Buffer.from(await read.Body!.transformToByteArray()))).to.equal(true);
  });

  for (const algorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
    it(`are taken as a stream of known length with a trailing ${algorithm}`, async () => {
      const key = newKey();
      const pieces = [randomBytes(70_000), randomBytes(1), randomBytes(200_000)];
      const body = Buffer.concat(pieces);
      await put(key, Readable.from(pieces), { ContentLength: body.length, ChecksumAlgorithm: algorithm });
      const known = await head(key, { ChecksumMode: 'ENABLED' });
      expect(known[`Checksum${algorithm}`]).to.be.a('string');
      expect(known.ChecksumType).to.equal('FULL_OBJECT');
      const read = await get(key, { ChecksumMode: 'ENABLED' });
      expect(body.equals(Buffer.from(await read.Body!.transformToByteArray()))).to.equal(true);
      expect(known.ContentEncoding).to.equal(undefined);
    });
  }

  it('may be empty', async () => {
    const key = newKey();
    await put(key, '');
    const read = await get(key);
    expect(read.ContentLength).to.equal(0);
    expect(await read.Body!.transformToString()).to.equal('');
    await expectRefusal(get(key, { Range: 'bytes=0-0' }), 'InvalidRange', 416);
  });

  it('keep their type, their metadata and how they are to be cached', async () => {
    const key = newKey();
    await put(key, 'x', {
      ContentType: 'audio/ogg; codecs=opus',
      CacheControl: 'private, max-age=60',
      ContentDisposition: 'attachment; filename="call.ogg"',
      ContentLanguage: 'zh-CN',
      Metadata: { call: 'c-1', duration: '61000' },
      ServerSideEncryption: 'AES256',
    });
    for (const known of [await head(key), await get(key)]) {
      expect(known.ContentType).to.equal('audio/ogg; codecs=opus');
      expect(known.CacheControl).to.equal('private, max-age=60');
      expect(known.ContentDisposition).to.equal('attachment; filename="call.ogg"');
      expect(known.ContentLanguage).to.equal('zh-CN');
      expect(known.Metadata).to.deep.equal({ call: 'c-1', duration: '61000' });
      expect(known.ServerSideEncryption).to.equal('AES256');
      expect(known.LastModified!.getTime()).to.be.closeTo(Date.now(), 60_000);
    }
  });

  it('may have any key, also one that looks like a way out of a folder', async () => {
    const names = [
      '../../etc/passwd',
      '..%2f..%2fpasswd',
      'a//b',
      ' space + plus ',
      '通话/录音.ogg',
      "quo'te(1)*!~&=?#",
      './dot',
      '.',
      '\u{1f50a}',
    ];
    for (const name of names) await put(`${newKey()}/${name}`, name);
    keys -= names.length;
    for (const name of names) expect(await textOf(get(`${newKey()}/${name}`)), name).to.equal(name);
  });

  it('give out the range asked for', async () => {
    const key = newKey();
    await put(key, '0123456789');
    const expected = [
      ['bytes=2-5', '2345', 'bytes 2-5/10'],
      ['bytes=0-0', '0', 'bytes 0-0/10'],
      ['bytes=7-', '789', 'bytes 7-9/10'],
      ['bytes=7-999', '789', 'bytes 7-9/10'],
      ['bytes=-3', '789', 'bytes 7-9/10'],
      ['bytes=-999', '0123456789', 'bytes 0-9/10'],
    ];
    for (const [Range, text, range] of expected) {
      const part = await get(key, { Range });
      expect(part.$metadata.httpStatusCode, Range).to.equal(206);
      expect(part.ContentRange).to.equal(range);
      expect(part.ContentLength).to.equal(text!.length);
      expect(await part.Body!.transformToString(), Range).to.equal(text);
    }
    for (const Range of ['bytes=10-', 'bytes=10-20', 'bytes=-0']) {
      await expectRefusal(get(key, { Range }), 'InvalidRange', 416);
    }
    for (const Range of ['bytes=5-2', 'items=0-1', 'bytes=-']) {
      expect(await textOf(get(key, { Range })), Range).to.equal('0123456789');
    }
  });

  it('answer conditions by entity tag and by date', async () => {
    const key = newKey();
    const { ETag } = await put(key, 'x');
    const { LastModified } = await head(key);
    const before = new Date(LastModified!.getTime() - 1000);
    expect(await textOf(get(key, { IfMatch: ETag }))).to.equal('x');
    expect(await textOf(get(key, { IfNoneMatch: '"other"' }))).to.equal('x');
    expect(await textOf(get(key, { IfModifiedSince: before }))).to.equal('x');
    expect(await textOf(get(key, { IfMatch: ETag, IfUnmodifiedSince: before }))).to.equal('x');
    await expectRefusal(get(key, { IfMatch: '"other"' }), 'PreconditionFailed', 412);
    await expectRefusal(get(key, { IfUnmodifiedSince: before }), 'PreconditionFailed', 412);
    for (const condition of [{ IfNoneMatch: ETag }, { IfModifiedSince: LastModified }]) {
      const error = await get(key, condition).then(
        () => expect.fail('was sent again'),
        (thrown) => thrown,
      );
      expect(error.$metadata.httpStatusCode).to.equal(304);
    }
  });

  it('are written only if new, or only over the one that was read, when that is asked', async () => {
    const key = newKey();
    const { ETag } = await put(key, 'first', { IfNoneMatch: '*' });
    await expectRefusal(put(key, 'second', { IfNoneMatch: '*' }), 'PreconditionFailed', 412);
    await expectRefusal(put(key, 'second', { IfMatch: '"other"' }), 'PreconditionFailed', 412);
    await put(key, 'third', { IfMatch: ETag });
    expect(await textOf(get(key))).to.equal('third');
  });

  it('are written once when many try to be the first', async () => {
    const key = newKey();
    const tries = Array.from({ length: 12 }, (_, index) => put(key, `writer ${index}`, { IfNoneMatch: '*' }));
    const outcomes = await Promise.allSettled(tries);
    const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
    expect(winners).to.have.length(1);
    expect(await textOf(get(key))).to.equal(`writer ${winners[0]}`);
  });

  it('are replaced as a whole: a reader gets the old one or the new one', async () => {
    const key = newKey();
    const versions = [Buffer.alloc(400_000, 'a'), Buffer.alloc(300_000, 'b')];
    await put(key, versions[0]);
    const writing = (async () => {
      for (let round = 1; round < 8; round++) await put(key, versions[round % 2]);
    })();
    for (let round = 0; round < 16; round++) {
      const bytes = Buffer.from(await (await get(key)).Body!.transformToByteArray());
      expect(versions.some((version) => version.equals(bytes))).to.equal(true);
    }
    await writing;
  });

  it('are gone once deleted, and deleting again is no error', async () => {
    const [first, second, third] = [newKey(), newKey(), newKey()];
    for (const key of [first, second, third]) await put(key, key);
    await store.client.send(new DeleteObjectCommand({ Bucket: store.bucket, Key: first }));
    await store.client.send(new DeleteObjectCommand({ Bucket: store.bucket, Key: first }));
    const Objects = [first, second].map((Key) => ({ Key }));
    const several = await store.client.send(
      new DeleteObjectsCommand({ Bucket: store.bucket, Delete: { Objects } }),
    );
    expect(several.Deleted?.map(({ Key }) => Key)).to.have.members([first, second]);
    expect(several.Errors ?? []).to.have.length(0);
    await expectRefusal(get(first), 'NoSuchKey', 404);
    await expectRefusal(get(second), 'NoSuchKey', 404);
    await expectRefusal(head(second), 'NotFound', 404);
    expect(await textOf(get(third))).to.equal(third);
  });

  it('are refused when they are too much or not what was announced', async () => {
    const md5 = createHash('md5').update('other').digest('base64');
    await expectRefusal(put(newKey(), 'x', { ContentMD5: md5 }), 'BadDigest', 400);
    await expectRefusal(put(newKey(), 'x', { ContentMD5: 'short' }), 'InvalidDigest', 400);
    await expectRefusal(put(newKey(), 'x', { ChecksumSHA256: 'A'.repeat(43).concat('=') }), 'BadDigest', 400);
    await expectRefusal(put(newKey(), 'x', { ChecksumCRC32: 'nonsense' }), 'InvalidRequest', 400);
    await expectRefusal(put(newKey(), 'x', { Metadata: { a: 'b'.repeat(2100) } }), 'MetadataTooLarge', 400);
    await expectRefusal(put(store.prefix.padEnd(1025, 'k'), 'x'), 'KeyTooLongError', 400);
    await expectRefusal(get(`${store.prefix}object-${keys}`), 'NoSuchKey', 404);
  });

  it('are not to be had from a bucket that does not exist', async () => {
    const Bucket = `${store.bucket}-absent-${store.prefix.slice(12, 20)}`;
    await expectRefusal(store.client.send(new GetObjectCommand({ Bucket, Key: 'x' })), 'NoSuchBucket', 404);
    await expectRefusal(store.client.send(new HeadBucketCommand({ Bucket })), 'NotFound', 404);
    await store.client.send(new HeadBucketCommand({ Bucket: store.bucket }));
  });

  it('are refused, not half done, where the embedded server lacks the call', async function () {
    // the real thing has these calls
    if (process.env.CONFORMANCE_S3_ENDPOINT) return this.skip();
    const key = newKey();
    await put(key, 'x');
    const place = { Bucket: store.bucket, Key: key };
    const tagging = { ...place, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } };
    await expectRefusal(store.client.send(new PutObjectTaggingCommand(tagging)), 'NotImplemented', 501);
    await expectRefusal(store.client.send(new GetObjectAclCommand(place)), 'NotImplemented', 501);
    await expectRefusal(get(key, { VersionId: 'v' }), 'NotImplemented', 501);
    await expectRefusal(get(key, { PartNumber: 1 }), 'NotImplemented', 501);
    for (const unknown of [
      { ServerSideEncryption: 'aws:kms:dsse' },
      { ACL: 'public-read' },
      { Tagging: 'a=b' },
      { StorageClass: 'GLACIER' },
      { WebsiteRedirectLocation: '/x' },
      { IfNoneMatch: '"etag"' },
    ] as Partial<PutObjectCommandInput>[]) {
      await expectRefusal(put(key, 'changed', unknown), 'NotImplemented', 501);
    }
    expect(await textOf(get(key))).to.equal('x');
  });
});
