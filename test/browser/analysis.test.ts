import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { analysisEndpoints } from '#contract/analysis.ts';
import { eventually } from '#support/eventually.ts';
import { archiveSpoken, spokenCall } from '#support/spoken-archive.ts';
import { expectAccessible } from './support/accessibility.ts';
import { type House, raiseHouse } from './support/house.ts';
import { cutOffWords, sidewaysScroll } from './support/inspect.ts';
import { desk, phone, type Visit, visit } from './support/visit.ts';

describe('The ribbon under a recording', function () {
  this.timeout(60_000);
  let house: House;
  let path: string;
  let opened: Visit | undefined;

  before(async function () {
    this.timeout(180_000);
    house = await raiseHouse();
    const [callId] = await archiveSpoken(house.stores, [spokenCall(1, { seconds: 60 })]);
    const { recordings } = await house.host.recordings.list();
    const { id } = recordings.find((recording) => recording.callId === callId)!;
    path = `/recordings/${id}`;
    // Nobody asked for it when it was archived: the server finds it by itself.
    await eventually(
      async () => {
        const { state } = await house.host.api.call(analysisEndpoints.show, { params: { id } });
        expect(state).to.equal('done');
      },
      { within: 60_000, every: 500 },
    );
  });
  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });
  after(() => house?.stop());

  async function look(options: Parameters<typeof visit>[1], prepare?: (page: Page) => Promise<void>) {
    opened = await visit(house.url, { personaId: 'cx', ...options });
    await prepare?.(opened.page);
    await opened.page.goto(path);
    return opened.page;
  }

  /** What a call of more temper would have. */
  async function liven(page: Page): Promise<void> {
    await page.route('**/analysis-*.json*', async (route) => {
      const response = await route.fetch();
      const track = await response.json();
      track.interruptions = [{ atMs: 12_000, by: 'agent' }];
      track.deadAir = [[20_000, 26_000]];
      track.raised.customer = [[30_000, 36_000]];
      await route.fulfill({ response, json: track });
    });
    await page.route('**/api/recordings/*/analysis', async (route) => {
      const response = await route.fetch();
      const shown = await response.json();
      Object.assign(shown.summary, {
        interruptions: { agent: 1, customer: 0 },
        deadAir: { count: 1, totalMs: 6_000, longest: { fromMs: 20_000, toMs: 26_000 } },
        raised: { agent: 0, customer: 1 },
      });
      await route.fulfill({ response, json: shown });
    });
  }

  const findings = (page: Page) =>
    page.getByRole('region', { name: /^(How the conversation went|这通电话聊得怎么样)$/ });

  it('says in words how the conversation went', async () => {
    const page = await look({});
    const said = await findings(page).textContent();
    expect(said).to.match(/The agent answers after \d+(\.\d)? s as a rule/);
    expect(said).to.include('Nobody was silent for three seconds or more.');
    expect(said).to.match(/Agent 3(\.\d)?, customer 3(\.\d)? syllables a second/);
    expect(said).to.include('no judgement of a person');
    expect(opened?.problems).to.deep.equal([]);
  });

  it('is walked through by keyboard, one stop for Tab and arrows between its moments', async () => {
    const page = await look({}, liven);
    const moments = page.getByRole('group', { name: 'Moments worth a look' }).getByRole('button');
    await moments.first().focus();
    const focused = () =>
      page.evaluate(() => {
        let active = document.activeElement;
        while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
        return active?.getAttribute('aria-label');
      });
    expect(await focused()).to.equal('The agent interrupts at 0:12');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).to.equal('Dead air for 0:06 at 0:20');
    await page.keyboard.press('End');
    expect(await focused()).to.equal('The customer’s voice rises at 0:30');
    expect(await moments.evaluateAll((all) => all.filter(({ tabIndex }) => tabIndex === 0).length)).to.equal(
      1,
    );
    await page.keyboard.press('Enter');
    await eventually(async () =>
      expect(await page.getByRole('slider').getAttribute('aria-valuenow')).to.equal('30'),
    );
  });

  it('goes to a moment that a sentence names', async () => {
    const page = await look({}, liven);
    await findings(page).getByRole('button', { name: 'Dead air for 0:06 at 0:20' }).click();
    await eventually(async () =>
      expect(await page.getByRole('slider').getAttribute('aria-valuenow')).to.equal('20'),
    );
    expect(opened?.problems).to.deep.equal([]);
  });

  for (const [name, size] of [
    ['desk', desk],
    ['phone', phone],
  ] as const) {
    for (const language of ['en', 'zh-CN'] as const) {
      it(`fits a ${name} in ${language}, and can be read by everybody`, async () => {
        const page = await look({ language, width: size.width }, liven);
        await findings(page).waitFor();
        await eventually(async () => expect(await page.locator('.event').count()).to.equal(3));
        expect(await sidewaysScroll(page)).to.equal(0);
        expect(await cutOffWords(page)).to.deep.equal([]);
        await expectAccessible(page);
      });
    }
  }

  const answer = (state: string) => async (page: Page) => {
    await page.route('**/api/recordings/*/analysis', (route) =>
      route.fulfill({ json: { state, summary: null, track: null } }),
    );
  };

  it('tells that it is still to come, and comes by itself', async () => {
    const page = await look({ language: 'zh-CN' }, answer('waiting'));
    await page.getByRole('status').filter({ hasText: '正在分析这通电话' }).waitFor();
    await page.unroute('**/api/recordings/*/analysis');
    await findings(page).waitFor();
  });

  it('tells that it failed, and that the recording did not', async () => {
    const page = await look({}, answer('failed'));
    await page.getByText('This call could not be analysed. The recording itself is whole.').waitFor();
  });

  it('takes no room where nobody analyses', async () => {
    const page = await look({}, answer('none'));
    await page.getByRole('button', { name: 'Play' }).waitFor();
    expect(await findings(page).count()).to.equal(0);
    expect(await page.getByText('Talk', { exact: true }).count()).to.equal(0);
  });
});
