import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { tagsEndpoints } from '#contract/tags.ts';
import { transcriptsEndpoints } from '#contract/transcripts.ts';
import { eventually } from '#support/eventually.ts';
import { archiveSpoken, spokenCall } from '#support/spoken-archive.ts';
import { writeTranscript } from '#support/written-transcript.ts';
import { expectAccessible } from './support/accessibility.ts';
import { type House, raiseHouse } from './support/house.ts';
import { cutOffWords, sidewaysScroll } from './support/inspect.ts';
import { desk, phone, type Visit, visit } from './support/visit.ts';

describe('Tags beside a recording', function () {
  this.timeout(60_000);
  let house: House;
  let id: string;
  let opened: Visit | undefined;

  before(async function () {
    this.timeout(180_000);
    house = await raiseHouse({ TRANSCRIBER: 'openai', ANALYSIS: 'off' });
    const [callId] = await archiveSpoken(house.stores, [spokenCall(1, { seconds: 45 })]);
    const recording = (await house.host.recordings.list()).recordings.find((one) => one.callId === callId)!;
    id = recording.id;
    const input = { params: { id } };
    await eventually(
      async () =>
        expect((await house.host.api.call(transcriptsEndpoints.show, input)).state).to.equal('waiting'),
      { within: 45_000, every: 300 },
    );
    const said = (text: string, fromMs: number) => ({
      by: 'customer' as const,
      words: [{ text, fromMs, toMs: fromMs + 3_000 }],
    });
    await writeTranscript(
      house.stores,
      { recordingId: id, callId: recording.callId },
      {
        version: 1,
        transcriber: 'test',
        utterances: [
          said('我囤了半年的中号纸尿裤，现在已经穿不下了', 2_000),
          said('现在一穿，腿上就勒出红印', 9_000),
          said('另外帮我开一张发票', 20_000),
          said('我已经打了好几次电话了', 26_000),
        ],
      },
    );
    await eventually(async () =>
      expect((await house.host.api.call(tagsEndpoints.list, input)).tags).to.have.length(3),
    );
  });
  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });
  after(() => house?.stop());

  async function look(options: Parameters<typeof visit>[1]): Promise<Page> {
    opened = await visit(house.url, { personaId: 'cx', ...options });
    await opened.page.goto(`/recordings/${id}`);
    return opened.page;
  }
  const panel = (page: Page) => page.getByRole('region', { name: /^(What it is about|通话主题)$/ });
  const found = (page: Page) =>
    page.getByRole('list', { name: 'Recordings, newest first' }).getByRole('listitem');
  const tag = (page: Page, name: string) =>
    panel(page).getByRole('listitem').filter({ hasText: name }).first();

  for (const [name, size] of [
    ['desk', desk],
    ['phone', phone],
  ] as const) {
    for (const language of ['en', 'zh-CN'] as const) {
      it(`fit a ${name} in ${language}, and can be read by everybody`, async () => {
        const page = await look({ language, width: size.width });
        await panel(page)
          .getByRole('button', { name: /^(Why Nappies|“纸尿裤)/ })
          .click();
        await panel(page)
          .getByRole('button', { name: /^0:02.*纸尿裤/ })
          .waitFor();
        expect(await sidewaysScroll(page)).to.equal(0);
        expect(await cutOffWords(page)).to.deep.equal([]);
        await expectAccessible(page);
        if (process.env.TEST_SHOTS)
          await page.screenshot({
            path: `${process.env.TEST_SHOTS}/tags-${name}-${language}.png`,
            fullPage: true,
          });
      });
    }
  }

  it('say why they were suggested, and play the sentence', async () => {
    const page = await look({});
    await panel(page).getByRole('button', { name: 'Why Had to contact us again?' }).click();
    await panel(page)
      .getByRole('button', { name: /^0:26.*好几次电话/ })
      .click();
    await eventually(async () =>
      expect(await page.getByRole('slider').getAttribute('aria-valuenow')).to.equal('26'),
    );
    await page.getByText('Jiang Mo').first().waitFor();
    expect(opened?.problems).to.deep.equal([]);
  });

  it('are confirmed and rejected by keyboard, set by hand, and find the call in the library', async () => {
    const page = await look({});
    await panel(page)
      .getByRole('button', { name: 'Confirm: Nappies outgrown, swap the size' })
      .press('Enter');
    await tag(page, 'Nappies outgrown').getByText('Confirmed by Jiang Mo').waitFor();
    await panel(page).getByRole('button', { name: 'Reject: Had to contact us again' }).press('Enter');
    await panel(page).getByText('Rejected: Had to contact us again').waitFor();
    await panel(page).getByRole('combobox', { name: 'Add a tag' }).fill('compl');
    await page.keyboard.press('Enter');
    await tag(page, 'Complaint').getByText('Confirmed by Jiang Mo').waitFor();
    await page.goto('/library?tag=complaint');
    await found(page).waitFor();
    await page.goto('/library?tag=repeat-contact');
    await page.getByText('Nothing matches').waitFor();
    await page.getByRole('combobox', { name: 'Tag' }).fill('outgrown');
    await page.keyboard.press('Enter');
    await eventually(() => expect(page.url()).to.include('tag=nappy-size-swap'));
    await found(page).waitFor();
  });

  it('are seen by whoever may replay, without a button to decide', async () => {
    const page = await look({ personaId: 'supermarket-manager' });
    await panel(page).getByText('Confirmed by Jiang Mo').first().waitFor();
    expect(
      await panel(page)
        .getByRole('button', { name: /^(Confirm|Reject|Remove)/ })
        .count(),
    ).to.equal(0);
    expect(await panel(page).getByRole('combobox').count()).to.equal(0);
  });
});
