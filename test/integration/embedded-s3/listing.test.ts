import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { expectRefusal, type ObjectStore, openConformanceStore } from './object-store.ts';

describe('listing, as the official client sees it', () => {
  let store: ObjectStore;
  const names = [
    'a.ogg',
    'b/',
    'b/1',
    'b/2',
    'b/c/3',
    'd-1',
    'd-2',
    'é',
    'ﬀ',
    '\u{1f50a}',
    'line\nbreak & <tag>',
    'zz/1/2',
  ];
  const ordered = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

  before(async () => {
    store = await openConformanceStore();
    for (const name of names) {
      await store.client.send(
        new PutObjectCommand({ Bucket: store.bucket, Key: store.prefix + name, Body: name }),
      );
    }
  });
  after(() => store.close());

  const list = (more: Partial<ListObjectsV2CommandInput> = {}) =>
    store.client.send(new ListObjectsV2Command({ Bucket: store.bucket, Prefix: store.prefix, ...more }));
  const short = (key: string | undefined) => key?.slice(store.prefix.length);

  it('names every object once, in the order of its UTF-8 bytes, with size and tag', async () => {
    const { Contents = [], KeyCount, IsTruncated } = await list();
    expect(Contents.map(({ Key }) => short(Key))).to.deep.equal(ordered);
    expect(Contents.map(({ Size }) => Size)).to.deep.equal(ordered.map((name) => Buffer.byteLength(name)));
    expect(Contents[0]?.ETag).to.match(/^"[0-9a-f]{32}"$/);
    expect(KeyCount).to.equal(names.length);
    expect(IsTruncated).to.equal(false);
  });

  it('folds keys behind a delimiter into common prefixes', async () => {
    const { Contents = [], CommonPrefixes = [] } = await list({ Delimiter: '/' });
    expect(CommonPrefixes.map(({ Prefix }) => short(Prefix))).to.deep.equal(['b/', 'zz/']);
    expect(Contents.map(({ Key }) => short(Key))).to.deep.equal(
      ordered.filter((name) => !name.includes('/')),
    );
    const inner = await list({ Delimiter: '/', Prefix: `${store.prefix}b/` });
    expect(inner.Contents?.map(({ Key }) => short(Key))).to.deep.equal(['b/', 'b/1', 'b/2']);
    expect(inner.CommonPrefixes?.map(({ Prefix }) => short(Prefix))).to.deep.equal(['b/c/']);
  });

  for (const pageSize of [1, 2, 3, 5]) {
    it(`goes on where the page before ended, ${pageSize} at a time`, async () => {
      const keys: (string | undefined)[] = [];
      const prefixes: (string | undefined)[] = [];
      const wanted = { Bucket: store.bucket, Prefix: store.prefix, Delimiter: '/' };
      for await (const page of paginateListObjectsV2({ client: store.client, pageSize }, wanted)) {
        expect(page.KeyCount).to.be.at.most(pageSize);
        keys.push(...(page.Contents ?? []).map(({ Key }) => short(Key)));
        prefixes.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => short(Prefix)));
      }
      expect(keys).to.deep.equal(ordered.filter((name) => !name.includes('/')));
      expect(prefixes).to.deep.equal(['b/', 'zz/']);
    });
  }

  it('starts after a given key, ends with the prefix and may be empty', async () => {
    const after = await list({ StartAfter: `${store.prefix}b/2` });
    expect(after.Contents?.map(({ Key }) => short(Key))).to.deep.equal(
      ordered.slice(ordered.indexOf('b/c/3')),
    );
    const d = await list({ Prefix: `${store.prefix}d` });
    expect(d.Contents?.map(({ Key }) => short(Key))).to.deep.equal(['d-1', 'd-2']);
    const none = await list({ Prefix: `${store.prefix}none` });
    expect(none.Contents).to.equal(undefined);
    expect(none.KeyCount).to.equal(0);
    expect((await list({ MaxKeys: 0 })).IsTruncated).to.equal(false);
  });

  it('percent-encodes keys when asked to', async () => {
    const { Contents = [], EncodingType } = await list({ EncodingType: 'url' });
    expect(EncodingType).to.equal('url');
    const decoded = Contents.map(({ Key }) => short(decodeURIComponent(Key!.replaceAll('+', ' '))));
    expect(decoded).to.deep.equal(ordered);
  });

  it('refuses a token that it did not give out, and impossible sizes', async () => {
    await expectRefusal(list({ ContinuationToken: 'nonsense' }), 'InvalidArgument', 400);
    await expectRefusal(list({ MaxKeys: -1 }), 'InvalidArgument', 400);
  });

  it('knows the buckets that were made, by one owner, and lets go of empty ones only', async () => {
    const Bucket = `cl-conformance-${randomBytes(6).toString('hex')}`;
    await store.client.send(new CreateBucketCommand({ Bucket }));
    await store.client.send(new HeadBucketCommand({ Bucket }));
    await expectRefusal(
      store.client.send(new CreateBucketCommand({ Bucket: 'No_Such.Name' })),
      'InvalidBucketName',
      400,
    );
    await store.client.send(new DeleteBucketCommand({ Bucket }));
    await expectRefusal(store.client.send(new HeadBucketCommand({ Bucket })), 'NotFound', 404);
    await expectRefusal(
      store.client.send(new DeleteBucketCommand({ Bucket: store.bucket })),
      'BucketNotEmpty',
      409,
    );
  });
});
