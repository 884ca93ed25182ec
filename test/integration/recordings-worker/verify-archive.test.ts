import { execFile } from 'node:child_process';
import { appendFile, copyFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { createObjectStore } from '#kernel/s3.ts';
import { parseSignedJson, signJson, trailerBytes } from '#kernel/signed-json.ts';
import { startObjectServer } from '#scripts/embedded/s3/object-server.ts';
import { childEnv } from '#support/child-env.ts';
import { newSigningKey, SignedArchive } from '#support/signed-archive.ts';
import { folderSource } from '#worker/archive/verify/archive-source.ts';
import { readDatabaseDump } from '#worker/archive/verify/database-dump.ts';
import { readTrustedKeys } from '#worker/archive/verify/trusted-keys.ts';
import { verifyArchive } from '#worker/archive/verify/verify-archive.ts';

const program = fileURLToPath(import.meta.resolve('#scripts/verify-archive.ts'));
const day = Date.UTC(2026, 2, 1, 9, 30);

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe('npm run verify-archive', function () {
  this.timeout(60_000);
  let dir: string;
  let pristine: SignedArchive;
  let archive: SignedArchive;
  let one: string;
  let other: string;
  let stone: string;
  let dump: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'verify-'));
    const earlier = newSigningKey();
    pristine = new SignedArchive(join(dir, 'pristine'), earlier);
    await pristine.publishKey();
    one = await pristine.record('rec_one', day);
    // The key was changed between the two.
    pristine.key = newSigningKey();
    await pristine.publishKey();
    other = await pristine.record('rec_other', day + 3_600_000);
    stone = await pristine.tombstone('rec_stone', day + 40 * 86_400_000);
    dump = await pristine.writeDump();
    for (const key of [earlier, pristine.key]) {
      await cp(join(pristine.root, 'keys'), join(dir, 'given'), { recursive: true });
      await writeFile(join(dir, `${key.keyId}.pem`), key.publicPem);
    }
  });
  beforeEach(async () => {
    archive = new SignedArchive(join(dir, 'copy'), pristine.key);
    await cp(pristine.root, archive.root, { recursive: true });
  });
  afterEach(() => rm(archive.root, { recursive: true, force: true }));
  after(() => rm(dir, { recursive: true, force: true }));

  const run = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
    new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [program, ...args],
        { env: { ...childEnv(), ...env } },
        (_, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
      );
    });
  const path = (key: string) => join(archive.root, key);
  /** What is found in the copy, as `kind key`. */
  async function findings(options: { keys?: string; prefix?: string; database?: string } = {}) {
    const { keys, prefix, database } = options;
    const { findings: found } = await verifyArchive({
      source: folderSource(archive.root),
      ...(keys === undefined ? {} : { trusted: await readTrustedKeys(keys) }),
      ...(prefix === undefined ? {} : { prefix }),
      ...(database === undefined ? {} : { database: readDatabaseDump(database) }),
    });
    return found.map(({ kind, key }) => `${kind} ${key}`);
  }
  async function flip(key: string, at: number): Promise<void> {
    const bytes = await readFile(path(key));
    const index = at < 0 ? bytes.length + at : at;
    bytes[index] = bytes[index]! ^ 1;
    await writeFile(path(key), bytes);
  }

  it('finds nothing in an archive that is as it was signed, with keys that changed over time', async () => {
    const { code, out } = await run([archive.root, '--database', dump, '--keys', join(dir, 'given')]);
    expect(out).to.include('3 recordings (1 deleted), 13 objects').and.to.include('nothing is missing');
    expect(out).to.include('database: 3 recordings compared').and.to.include('(given)');
    expect(code).to.equal(0);
    expect((await run([archive.root])).out).to.include('give --keys to trust none but yours');
  });

  it('tells one altered byte of the sound, wherever it is', async () => {
    for (const at of [0, 1_000, -1]) {
      await flip(`${one}/audio.webm`, at);
      expect(await findings()).to.deep.equal([`object-altered ${one}/audio.webm`]);
      await copyFile(join(pristine.root, one, 'audio.webm'), path(`${one}/audio.webm`));
    }
    await flip(`${other}/audio-0a1b2c3d.m4a`, 5);
    expect(await findings()).to.deep.equal([`object-altered ${other}/audio-0a1b2c3d.m4a`]);
  });

  it('tells sound that was cut short, or has something behind it', async () => {
    await appendFile(path(`${one}/audio.webm`), 'x');
    expect(await findings()).to.deep.equal([`object-size ${one}/audio.webm`]);
  });

  it('tells one altered byte of a manifest: of its text, of its signature, of what stands around it', async () => {
    const name = `${one}/manifest.json`;
    const { length } = await readFile(path(name));
    for (const at of [2, 40, length - trailerBytes - 2, length - 50, length - 6, length - 1]) {
      await flip(name, at);
      const [first] = await findings();
      expect(first, `byte ${at}`).to.match(/^document-(altered|unsigned|key) .*\/manifest\.json$/);
      await copyFile(join(pristine.root, name), path(name));
    }
  });

  it('tells a signature that was taken from another recording, and a whole document that was', async () => {
    const own = await readFile(path(`${one}/manifest.json`));
    const foreign = await readFile(path(`${other}/manifest.json`));
    await writeFile(
      path(`${one}/manifest.json`),
      Buffer.concat([own.subarray(0, -trailerBytes), foreign.subarray(-trailerBytes)]),
    );
    expect(await findings()).to.include(`document-altered ${one}/manifest.json`);
    await writeFile(path(`${one}/manifest.json`), foreign);
    expect(await findings()).to.include(`document-misplaced ${one}/manifest.json`);
  });

  it('tells a file that is missing, one too many, and one that lies where nothing belongs', async () => {
    await rm(path(`${one}/peaks.json`));
    await archive.put(`${other}/notes.txt`, Buffer.from('hello'));
    await archive.put('recordings/strange.bin', Buffer.from('hello'));
    expect(await findings()).to.have.members([
      `object-missing ${one}/peaks.json`,
      `object-unknown ${other}/notes.txt`,
      'object-unknown recordings/strange.bin',
    ]);
  });

  it('tells a link that was taken out of the chain, and a chain without its beginning', async () => {
    await rm(path(`${one}/manifest.json`));
    expect(await findings()).to.include(`manifest-missing ${one}`);
    await rm(path(`${other}/manifest-1.json`));
    expect(await findings()).to.include(`object-unknown ${other}/audio-0a1b2c3d.m4a`);
    // With what it named gone, too, only the database still knows.
    await rm(path(`${other}/audio-0a1b2c3d.m4a`));
    expect((await findings()).filter((found) => found.includes(other))).to.deep.equal([]);
    expect(await findings({ database: dump })).to.include.members([
      `object-missing ${other}/manifest-1.json`,
      `object-missing ${other}/audio-0a1b2c3d.m4a`,
    ]);
  });

  it('tells a key that was exchanged, and documents that were signed anew with another one', async () => {
    const intruder = newSigningKey();
    const name = `${one}/manifest.json`;
    const { document } = parseSignedJson(await readFile(path(name)))!;
    const rewritten = { ...document, callId: 'call_of_somebody_else' };
    await writeFile(path(name), signJson(rewritten, intruder));
    expect(await findings(), 'a key that is nowhere').to.include(`document-key ${name}`);

    const pem = `keys/${String(document.keyId)}.pem`;
    await writeFile(path(pem), intruder.publicPem);
    expect(await findings(), 'in the place of the old one').to.include.members([
      `key-altered ${pem}`,
      `document-key ${name}`,
    ]);

    await copyFile(join(pristine.root, pem), path(pem));
    await writeFile(path(`keys/${intruder.keyId}.pem`), intruder.publicPem);
    const trusted = await findings({ keys: join(dir, 'given') });
    expect(trusted, 'beside the old one').to.include.members([
      `key-unknown keys/${intruder.keyId}.pem`,
      `document-key ${name}`,
    ]);
    const compared = await findings({ database: dump });
    expect(compared, 'the database knows the first one').to.include(`database-differs ${name}`);
  });

  it('tells recordings and tombstones that only the database, or only the bucket, knows', async () => {
    await rm(path(one), { recursive: true });
    await rm(path(stone), { recursive: true });
    await archive.record('rec_extra', day);
    expect(await findings({ database: dump })).to.have.members([
      `recording-missing ${one}`,
      `tombstone-missing ${stone}`,
      'recording-unknown recordings/2026/03/01/rec_extra',
    ]);
  });

  it('tells what lies beside a tombstone, and a tombstone that was written by hand', async () => {
    await archive.put(`${stone}/audio.webm`, Buffer.from('still here'));
    expect(await findings()).to.deep.equal([`deletion-unfinished ${stone}/audio.webm`]);
    await writeFile(path(`${other}/tombstone.json`), '{"kind":"tombstone"}');
    expect(await findings()).to.include(`document-unsigned ${other}/tombstone.json`);
  });

  it('signs so that any tool can check it: the file without its trailer, by the key beside the archive', async () => {
    const name = path(`${one}/manifest.json`);
    const bytes = await readFile(name);
    const { keyId } = parseSignedJson(bytes)!;
    const signature = Buffer.from(/"signature": "([^"]+)"/.exec(bytes.toString())![1]!, 'base64');
    const pem = await readFile(path(`keys/${keyId}.pem`), 'utf8');
    const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
    const key = await crypto.subtle.importKey('spki', der, 'Ed25519', false, ['verify']);
    const body = bytes.subarray(0, -trailerBytes);
    expect(await crypto.subtle.verify('Ed25519', key, signature, body)).to.equal(true);
  });

  it('looks at a part when it is asked to, with the rows of that part', async () => {
    await flip(`${one}/audio.webm`, 0);
    expect(await findings({ prefix: 'recordings/2026/04/', database: dump })).to.deep.equal([]);
    expect(await findings({ prefix: 'recordings/2026/03/' })).to.have.length(1);
  });

  it('prints a line each and a summary, and says when it could not look', async () => {
    await flip(`${one}/audio.webm`, 0);
    const { code, out } = await run([archive.root]);
    expect(out.split('\n')[0]).to.match(
      /^object-altered +recordings\/2026\/03\/01\/rec_one\/audio\.webm: SHA-256 is/,
    );
    expect(out).to.include('1 findings');
    expect(code).to.equal(1);
    for (const args of [[join(dir, 'nowhere')], [archive.root, '--keys', join(dir, 'nowhere')], ['a', 'b']]) {
      expect((await run(args)).code, args.join(' ')).to.equal(2);
    }
    await writeFile(join(dir, 'torn.json'), '{"_id":"rec_one"');
    const torn = await run([archive.root, '--database', join(dir, 'torn.json')]);
    expect(torn).to.include({ code: 2 });
    expect(torn.err).to.include('line 1 of the database dump');
    expect((await run([])).err).to.include('S3_BUCKET');
  });

  it('reads a bucket as it reads a folder', async () => {
    const keys = { accessKey: 'test-access', secretKey: 'test-secret-key' };
    const objects = await startObjectServer({
      dataDir: join(dir, 's3'),
      port: 0,
      bucket: 'recordings',
      ...keys,
    });
    const env = {
      S3_ENDPOINT: objects.endpoint,
      S3_BUCKET: 'recordings',
      S3_ACCESS_KEY_ID: keys.accessKey,
      S3_SECRET_ACCESS_KEY: keys.secretKey,
      S3_FORCE_PATH_STYLE: 'true',
    };
    const store = createObjectStore({ ...env, S3_REGION: 'us-east-1', S3_FORCE_PATH_STYLE: true });
    try {
      for await (const { key } of folderSource(archive.root).list('')) {
        const Body = await readFile(path(key));
        await store.client.send(new PutObjectCommand({ Bucket: 'recordings', Key: key, Body }));
      }
      const whole = await run(['--json', '--database', dump], env);
      expect(whole.code, whole.out + whole.err).to.equal(0);
      expect(JSON.parse(whole.out)).to.include({ recordings: 3, objects: 13 });
      objects.faults.add({
        kind: 'flip-byte',
        operation: 'GetObject',
        keyPrefix: `${one}/audio.webm`,
        atByte: 9,
      });
      const harmed = await run([], env);
      expect(harmed.out).to.include(`object-altered      ${one}/audio.webm`);
      expect(harmed.code).to.equal(1);
      await objects.faults.startOutage();
      expect((await run([], env)).code).to.equal(2);
    } finally {
      store.close();
      await objects.stop();
    }
  });
});
