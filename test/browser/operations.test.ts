import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { storesConfig } from '#kernel/config.ts';
import { createObjectStore } from '#kernel/s3.ts';
import { eventually } from '#support/eventually.ts';
import { type RecorderProcess, startRecorder } from '#support/recorder-process.ts';
import { expectAccessible } from './support/accessibility.ts';
import { type House, raiseHouse } from './support/house.ts';
import { cutOffWords, englishLeftovers, sidewaysScroll } from './support/inspect.ts';
import { phone, type Visit, visit } from './support/visit.ts';

describe('The operations page', function () {
  this.timeout(90_000);
  let house: House;
  let spoolDir: string;
  let recorder: RecorderProcess | undefined;
  let admin: Visit;
  let page: Page;

  before(async function () {
    this.timeout(180_000);
    house = await raiseHouse();
    spoolDir = await mkdtemp(join(tmpdir(), 'cloud-listening-spool-'));
    admin = await visit(house.url, { personaId: 'admin' });
    ({ page } = admin);
  });
  afterEach(() => expect(admin.problems).to.deep.equal([]));
  after(async () => {
    await admin?.close();
    await recorder?.stop();
    await house?.stop();
    if (spoolDir) await rm(spoolDir, { recursive: true, force: true });
  });

  const region = (name: string) => page.getByRole('region', { name });
  const archived = () =>
    eventually(
      async () => {
        const [recording] = (await house.host.recordings.list()).recordings;
        expect(recording?.state).to.equal('archived');
        return recording!;
      },
      { within: 20_000, every: 200 },
    );

  it('shows a call that is recorded, by whom, and that it is paused', async () => {
    const call = await house.call({ lineId: 'supermarket', seconds: 60 });
    await page.goto('/operations');
    const calls = region('Calls and their recording');
    await calls.getByText('Being written to disk').waitFor();
    await calls.getByText(/^by [A-Z0-9]{4}/).waitFor();
    await region('Machines').getByText('Takes calls').waitFor();
    await house.telephony.pause(call.callId);
    await calls.getByText('Paused: nothing is written').waitFor();
    await call.end();
    await calls.getByText('No call is on air').waitFor();
    await archived();
    await page.getByText('Everything is in the archive.', { exact: false }).waitFor();
    await page.getByRole('heading', { name: 'Everything is being kept.' }).waitFor();
    await expectAccessible(page);
  });

  it('says why a recording could not be finished, and tries it again by a button', async () => {
    // A recorder that writes to a bucket that is not there.
    await house.recorder.stop();
    recorder = await startRecorder(house.stores, spoolDir, { S3_BUCKET: 'no-such-bucket' });
    const call = await house.call({
      lineId: 'supermarket',
      seconds: 2,
      facts: { scenarioId: 'nappy-size-swap' },
    });
    await call.done;
    await call.end();
    const failures = region('Recordings that need a hand');
    await failures.getByText('The archive does not answer.', { exact: false }).waitFor({ timeout: 30_000 });
    await failures.getByText('(store.storage)').waitFor();
    await page.getByText('1 recording could not be finished.').waitFor();
    await expectAccessible(page);

    const one = await visit(house.url, { personaId: 'admin', language: 'zh-CN', width: phone.width });
    await one.page.goto('/operations');
    await one.page.getByText('录音存储没有响应', { exact: false }).waitFor();
    expect(await sidewaysScroll(one.page)).to.equal(0);
    expect(await cutOffWords(one.page)).to.deep.equal([]);
    expect(await englishLeftovers(one.page)).to.deep.equal([]);
    await expectAccessible(one.page);
    await one.close();

    await recorder.stop();
    recorder = await startRecorder(house.stores, spoolDir);
    await failures.getByRole('button', { name: /^Try again: / }).click();
    await failures.waitFor({ state: 'detached', timeout: 30_000 });
    await archived();
  });

  it('finds out that a file is gone from the archive', async () => {
    const { id } = await archived();
    const store = createObjectStore(storesConfig({ ...house.stores }));
    try {
      const { Contents = [] } = await store.client.send(new ListObjectsV2Command({ Bucket: store.bucket }));
      const gone = Contents.find(({ Key }) => Key?.includes(id) && Key.endsWith('.webm'));
      expect(gone?.Key).to.be.a('string');
      await store.client.send(new DeleteObjectCommand({ Bucket: store.bucket, Key: gone!.Key! }));
    } finally {
      store.close();
    }
    const check = region('Archive check');
    await check.getByRole('button', { name: 'Check now' }).click();
    await check.getByText('A file of a recording is not in the archive').first().waitFor({ timeout: 30_000 });
    await page.getByText(/things? in the archive do(es)? not add up\./).waitFor();
    await check.getByText('Details').first().click();
    await check.getByText(id, { exact: true }).first().waitFor();
    await expectAccessible(page);
  });
});
