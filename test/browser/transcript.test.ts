import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { recordingsEndpoints } from '#contract/recordings.ts';
import { transcriptsEndpoints } from '#contract/transcripts.ts';
import { eventually } from '#support/eventually.ts';
import { type RecorderProcess, startRecorder } from '#support/recorder-process.ts';
import { archiveSpoken, spokenCall } from '#support/spoken-archive.ts';
import { TranscriptionService } from '#support/transcription-service.ts';
import { expectAccessible } from './support/accessibility.ts';
import { type House, raiseHouse } from './support/house.ts';
import { cutOffWords, sidewaysScroll } from './support/inspect.ts';
import { desk, phone, type Visit, visit } from './support/visit.ts';

describe('The transcript beside a recording', function () {
  this.timeout(60_000);
  let house: House;
  let service: TranscriptionService;
  let recorder: RecorderProcess;
  let spoolDir: string;
  let id: string;
  let opened: Visit | undefined;

  before(async function () {
    this.timeout(180_000);
    service = await TranscriptionService.start();
    service.answer = () => ({
      body: {
        text: '',
        words: [
          { word: '纸尿裤', start: 0.4, end: 1 },
          { word: '小了', start: 1, end: 1.4 },
          { word: '电话', start: 1.5, end: 1.8 },
          { word: '13800138000', start: 1.8, end: 3 },
        ],
      },
    });
    house = await raiseHouse({ TRANSCRIBER: 'openai' });
    spoolDir = await mkdtemp(join(tmpdir(), 'transcript-'));
    recorder = await startRecorder(house.stores, spoolDir, {
      TRANSCRIBER: 'openai',
      TRANSCRIBER_URL: service.url,
    });
    const [callId] = await archiveSpoken(house.stores, [spokenCall(1, { seconds: 45 })]);
    const { recordings } = await house.host.recordings.list();
    id = recordings.find((recording) => recording.callId === callId)!.id;
    await eventually(
      async () => {
        const shown = await house.host.api.call(transcriptsEndpoints.show, { params: { id } });
        expect(shown.state).to.equal('done');
      },
      { within: 60_000, every: 500 },
    );
  });
  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });
  after(async () => {
    await recorder?.stop();
    await house?.stop();
    await service?.stop();
    await rm(spoolDir, { recursive: true, force: true });
  });

  async function look(options: Parameters<typeof visit>[1]): Promise<Page> {
    opened = await visit(house.url, { personaId: 'cx', ...options });
    await opened.page.goto(`/recordings/${id}`);
    return opened.page;
  }
  const heardBy = async () =>
    (await house.host.api.call(recordingsEndpoints.show, { params: { id } })).heardBy.map(
      ({ name }) => name.en,
    );
  const panel = (page: Page) => page.getByRole('region', { name: /^(What was said|通话文字)$/ });
  const position = (page: Page) => page.getByRole('slider').getAttribute('aria-valuenow');

  it('is shown when somebody asks for it, who is then on the list of those who heard the call', async () => {
    const page = await look({});
    expect(await heardBy()).to.deep.equal([]);
    await page.getByRole('button', { name: 'Read the transcript' }).click();
    await panel(page).getByText('phone number masked').first().waitFor();
    expect(await panel(page).textContent()).to.not.include('1380013');
    await eventually(async () => expect(await heardBy()).to.have.length(1));
    expect(opened?.problems).to.deep.equal([]);
  });

  it('plays from a word, or by keyboard from an utterance, and marks the word that is said', async () => {
    const page = await look({});
    await page.getByRole('button', { name: 'Read the transcript' }).click();
    const last = panel(page).getByRole('listitem').last();
    const from = Number(await last.getByRole('button').getAttribute('data-from'));
    await last.getByRole('button').press('Enter');
    await eventually(async () => expect(await position(page)).to.equal(String(Math.floor(from / 1_000))));
    await eventually(async () =>
      expect(await panel(page).locator('[data-current]').textContent()).to.equal('纸'),
    );
    const word = panel(page).getByRole('listitem').first().getByText('了', { exact: true }).first();
    const at = Number(await word.getAttribute('data-from'));
    await word.click();
    await eventually(async () => expect(await position(page)).to.equal(String(Math.floor(at / 1_000))));
  });

  it('comes by itself with the sound', async () => {
    const page = await look({});
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await panel(page).getByText('phone number masked').first().waitFor();
  });

  it('is what the library finds a call by, but not by what was masked', async () => {
    const found = async (q: string) => (await house.host.recordings.list({ q })).total;
    expect(await found('纸尿裤 小了')).to.equal(1);
    expect(await found('13800138000')).to.equal(0);
    expect(await found('电视')).to.equal(0);
  });

  for (const [name, size] of [
    ['desk', desk],
    ['phone', phone],
  ] as const) {
    for (const language of ['en', 'zh-CN'] as const) {
      it(`fits a ${name} in ${language}, and can be read by everybody`, async () => {
        const page = await look({ language, width: size.width });
        await page.getByRole('button', { name: /^(Read the transcript|查看文字)$/ }).click();
        await panel(page).getByRole('listitem').first().waitFor();
        expect(await sidewaysScroll(page)).to.equal(0);
        expect(await cutOffWords(page)).to.deep.equal([]);
        await expectAccessible(page);
        if (process.env.TEST_SHOTS)
          await page.screenshot({
            path: `${process.env.TEST_SHOTS}/transcript-${name}-${language}.png`,
            fullPage: true,
          });
      });
    }
  }
});
