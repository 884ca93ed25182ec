import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { workerConfig } from '#kernel/config.ts';
import {
  newSigningKeyPem,
  parseSignedJson,
  readPublicKey,
  readSigningKey,
  signJson,
} from '#kernel/signed-json.ts';
import { keptSigningKey, openSigningKey } from '#worker/archive/signing-key.ts';

const messageOf = (attempt: () => unknown): Promise<string> =>
  Promise.resolve()
    .then(attempt)
    .then(
      () => 'taken',
      (error: Error) => error.message,
    );

describe('the key that signs the archive', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'key-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it('is taken as text, as text of one line, or as a path', async () => {
    const pem = newSigningKeyPem();
    const path = join(dir, 'own.pem');
    await writeFile(path, pem);
    const { keyId } = readSigningKey(pem);
    for (const configured of [pem, pem.trim().replaceAll('\n', '\\n'), path]) {
      expect((await openSigningKey({ configured, folder: dir })).keyId).to.equal(keyId);
    }
  });

  it('is refused with a word about it when it is none', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const rsaPem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const open = (configured: string) => messageOf(() => openSigningKey({ configured, folder: dir }));
    expect(await open(rsaPem)).to.equal('ARCHIVE_SIGNING_KEY: an Ed25519 key is needed, this is rsa');
    expect(await open('-----BEGIN nonsense')).to.include('not a private key');
    expect(await open(join(dir, 'nowhere.pem'))).to.include('ENOENT');
    expect(await messageOf(() => readPublicKey(newSigningKeyPem()))).to.equal('this is a private key');
  });

  it('is made once where none is given, whoever comes first, and only its owner may read it', async () => {
    const path = join(dir, 'deep', 'kept.pem');
    const keys = await Promise.all(Array.from({ length: 8 }, () => keptSigningKey(path)));
    expect(new Set(keys.map(({ keyId }) => keyId)).size).to.equal(1);
    expect((await keptSigningKey(path)).keyId).to.equal(keys[0]!.keyId);
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect(await readdir(join(dir, 'deep'))).to.deep.equal(['kept.pem']);
  });

  it('must be given in production', async () => {
    const env = { REDIS_URL: 'redis://localhost', S3_BUCKET: 'bucket', SPOOL_DIR: dir };
    workerConfig(env);
    expect(await messageOf(() => workerConfig({ ...env, NODE_ENV: 'production' }))).to.include(
      'ARCHIVE_SIGNING_KEY is needed with NODE_ENV=production',
    );
    workerConfig({ ...env, NODE_ENV: 'production', ARCHIVE_SIGNING_KEY: '/etc/key.pem' });
  });
});

describe('a signed document', () => {
  const key = readSigningKey(newSigningKeyPem());
  const publicKey = readPublicKey(key.publicPem).key;

  it('is JSON that anyone can read, with its signature as the last member', () => {
    const bytes = signJson({ a: 1, b: ['"', '号'] }, key);
    expect(JSON.parse(bytes.toString())).to.deep.include({ a: 1, b: ['"', '号'], keyId: key.keyId });
    const signed = parseSignedJson(bytes)!;
    expect(signed.document).to.deep.equal({ a: 1, b: ['"', '号'], keyId: key.keyId });
    expect(signed.isBy(publicKey)).to.equal(true);
    expect(signed.isBy(readPublicKey(readSigningKey(newSigningKeyPem()).publicPem).key)).to.equal(false);
  });

  it('does not survive the change of any single bit', () => {
    const bytes = signJson({ a: 1, text: 'two words' }, key);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const harmed = Buffer.from(bytes);
      harmed[bit >> 3] = harmed[bit >> 3]! ^ (1 << (bit & 7));
      const signed = parseSignedJson(harmed);
      expect(signed?.isBy(publicKey) ?? false, `bit ${bit}`).to.equal(false);
    }
  });

  it('cannot be spelled in another way', () => {
    const text = signJson({ a: 1 }, key).toString();
    for (const other of [
      `${text}\n`,
      text.trimEnd(),
      text.replace(' "a"', '  "a"'),
      text.replace('\n}\n', '}\n\n'),
    ]) {
      expect(parseSignedJson(Buffer.from(other))?.isBy(publicKey) ?? false, other).to.equal(false);
    }
    expect(parseSignedJson(Buffer.alloc(0))).to.equal(null);
    expect(parseSignedJson(Buffer.from('{}'))).to.equal(null);
  });
});
