import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { eventually } from '#support/eventually.ts';
import { atTheEars, wiretapHeadset } from './support/ears.ts';
import { type House, raiseHouse } from './support/house.ts';
import { mediaOf, rememberPlayedMedia } from './support/sound.ts';
import { type Visit, visit } from './support/visit.ts';

describe('The player', function () {
  this.timeout(60_000);
  let house: House;
  let recordingId: string;
  const visits: Visit[] = [];

  before(async function () {
    this.timeout(180_000);
    house = await raiseHouse();
    const call = await house.call({ lineId: 'supermarket', seconds: 12 });
    await call.done;
    await call.end();
    recordingId = await eventually(
      async () => {
        const [recording] = (await house.host.recordings.list()).recordings;
        expect(recording?.state).to.equal('archived');
        return recording!.id;
      },
      { within: 20_000, every: 200 },
    );
  });
  afterEach(async () => {
    const problems = visits.flatMap((one) => one.problems);
    await Promise.all(visits.splice(0).map((one) => one.close()));
    expect(problems).to.deep.equal([]);
  });
  after(() => house?.stop());

  const open = async (): Promise<Page> => {
    const one = await visit(house.url, { personaId: 'host' });
    visits.push(one);
    await Promise.all([rememberPlayedMedia(one.context), wiretapHeadset(one.context)]);
    return one.page;
  };
  const play = async (page: Page): Promise<void> => {
    await page.goto(`/recordings/${recordingId}`);
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await eventually(async () => expect((await mediaOf(page)).currentTime).to.be.greaterThan(0.3));
  };
  const levels = async (page: Page) => {
    const { left, right } = await atTheEars(page, { agent: 440, customer: 880 });
    return { agent: left.agent, customer: right.customer, crossed: left.customer };
  };

  it('plays all calls equally loud: by what was measured, and only while the switch is on', async () => {
    const page = await open();
    const { gainDb } = await house.host.recordings.audio(recordingId);
    // A full tone is far louder than speech should be.
    expect(gainDb).to.be.lessThan(-3);
    await play(page);
    const even = await eventually(async () => {
      const heard = await levels(page);
      expect(heard.agent).to.be.greaterThan(-60);
      return heard;
    });
    expect(even.crossed).to.be.lessThan(even.agent - 30);
    const same = page.getByLabel(/^Same loudness for all calls/);
    await same.click();
    await eventually(async () => {
      const raw = await levels(page);
      expect(raw.agent - even.agent).to.be.closeTo(-gainDb, 1.5);
      expect(raw.customer - even.customer).to.be.closeTo(-gainDb, 1.5);
    });
    // Remembered on this machine.
    await page.reload();
    expect(await same.isChecked()).to.equal(false);
  });

  it('takes the AAC rendering where the browser cannot play the master', async () => {
    await eventually(
      async () => {
        const { renderings } = await house.host.recordings.audio(recordingId);
        expect(renderings.map(({ contentType }) => contentType)).to.include('audio/mp4');
      },
      { within: 30_000, every: 250 },
    );
    const page = await open();
    await page.addInitScript(() => {
      const { canPlayType } = HTMLMediaElement.prototype;
      HTMLMediaElement.prototype.canPlayType = function (type) {
        return /webm|ogg/.test(type) ? '' : canPlayType.call(this, type);
      };
    });
    await play(page);
    const media = await mediaOf(page);
    expect(new URL(media.url).pathname).to.match(/\.m4a$/);
    expect(media.decodedBytes).to.be.greaterThan(0);
    expect(media.duration).to.be.closeTo(12, 0.2);
  });

  it('says in which zone its times are', async () => {
    const page = await open();
    await page.goto('/library');
    await page.getByText('times in China Time').waitFor();
    await page.goto(`/recordings/${recordingId}`);
    await page.getByRole('region', { name: 'About this call' }).getByText('China Time').waitFor();
  });

  it('tells the agent on Today who heard which call', async () => {
    const one = await visit(house.url, { personaId: 'agent-1' });
    visits.push(one);
    await one.page.goto('/');
    await one.page.getByText('You are not on a call').waitFor();
    await one.page
      .getByText(/^1 call in the last 24 hours, 1[12] sec on the line\. 1 of them was heard/)
      .waitFor();
    await one.page.getByTestId('own-calls').getByText('Xu Ran').first().waitFor();
    const call = await house.call({ lineId: 'supermarket', seconds: 20 });
    await one.page.getByTestId('own-live-call').getByTestId('pause').waitFor();
    await call.end();
    await one.page.getByText('You are not on a call').waitFor();
  });
});
