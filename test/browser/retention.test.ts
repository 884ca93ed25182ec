import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import type { Page } from 'playwright-core';
import { eventually } from '#support/eventually.ts';
import { expectAccessible } from './support/accessibility.ts';
import { type House, raiseHouse } from './support/house.ts';
import { cutOffWords, englishLeftovers, sidewaysScroll } from './support/inspect.ts';
import { phone, type Visit, type VisitOptions, visit } from './support/visit.ts';

const dayMs = 86_400_000;

describe('Retention and holds', function () {
  this.timeout(60_000);
  let house: House;
  let recordingId: string;
  let admin: Page;
  let cx: Page;
  const visits: Visit[] = [];

  const come = async (options: VisitOptions, path: string): Promise<Page> => {
    const one = await visit(house.url, options);
    visits.push(one);
    await one.page.goto(path);
    return one.page;
  };

  before(async function () {
    this.timeout(180_000);
    house = await raiseHouse();
    const call = await house.call({ lineId: 'supermarket', seconds: 2 });
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
    admin = await come({ personaId: 'admin' }, '/retention');
    cx = await come({ personaId: 'cx' }, `/recordings/${recordingId}`);
  });
  afterEach(() => expect(visits.flatMap(({ problems }) => problems)).to.deep.equal([]));
  after(async () => {
    await Promise.all(visits.map((one) => one.close()));
    await house?.stop();
  });

  it('sets a rule, after saying what it would delete', async () => {
    await admin.getByText('Deleted after 180 days').waitFor();
    await admin.getByRole('button', { name: 'Add a rule' }).click();
    const form = admin.getByRole('dialog');
    await form.getByText('Saved now, it would delete nothing.').waitFor();
    await form.getByLabel('Line').click();
    await admin.getByTitle('Supermarket after-sales', { exact: true }).click();
    await form.getByLabel('Keep at least (days)').fill('9');
    await form.getByLabel('Delete after (days)').fill('2');
    await form.getByRole('button', { name: 'Save the rule' }).click();
    await form.getByText('The minimum must not be above the time of deletion.').waitFor();
    await form.getByText('Three characters at least, please.').waitFor();
    await expectAccessible(admin);
    await form.getByLabel('Keep at least (days)').fill('0');
    await form.getByLabel('Why').fill('Tests keep nothing for long');
    await form.getByRole('button', { name: 'Save the rule' }).click();
    await form.waitFor({ state: 'hidden' });
    await admin.getByTestId('policies').getByText('Deleted after 2 days').waitFor();
    await admin.getByTestId('retention-log').getByText('Tests keep nothing for long').waitFor();
  });

  it('shows in a dry run what would go when, and by which rule', async () => {
    await admin.getByText('Nothing would be deleted').waitFor();
    await admin.getByText('In 7 days').click();
    await admin.getByText(/^1 recording would be deleted/).waitFor();
    const run = admin.getByTestId('dry-run');
    await run.getByText(/^Due /).waitFor();
    await run.getByText('Rule: Supermarket after-sales · All kinds of calls, 2 days').waitFor();
    await expectAccessible(admin);
  });

  it('holds a recording from its own page, and the dry run says so', async () => {
    const kept = cx.getByTestId('recording-retention');
    await cx.reload();
    await kept.getByText(/^Kept until /).waitFor();
    await kept.getByTestId('hold-recording').click();
    const dialog = cx.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Place the hold' }).click();
    await dialog.getByText('Three characters at least, please.').waitFor();
    await dialog.getByLabel('Why').fill('Letter of a customer’s lawyer');
    await expectAccessible(cx);
    await dialog.getByRole('button', { name: 'Place the hold' }).click();
    await kept.getByText('Held until somebody releases it').waitFor();
    await kept.getByText('Letter of a customer’s lawyer').waitFor();

    await admin.reload();
    await admin.getByTestId('holds').getByText('Letter of a customer’s lawyer').waitFor();
    await admin.getByText('In 7 days').click();
    await admin.getByTestId('dry-run').getByText('Held: Letter of a customer’s lawyer').waitFor();
  });

  it('releases it with a reason', async () => {
    await admin.getByRole('button', { name: /^Release the hold: / }).click();
    const dialog = admin.getByRole('dialog');
    await dialog.getByLabel('Why').fill('The matter is settled');
    await dialog.getByRole('button', { name: 'Release the hold' }).click();
    await admin.getByText('No hold is in force').waitFor();
    await admin.getByLabel('Show released holds').click();
    await admin.getByText(/^Released by Shen Yi, .*The matter is settled$/).waitFor();
  });

  it('deletes what is due, and shows the proof where the recording was', async () => {
    // As if the call had been three days ago.
    const mongo = await MongoClient.connect(house.stores.MONGODB_URL);
    try {
      await mongo
        .db()
        .collection('recordings')
        .updateOne({ _id: recordingId as never }, { $set: { startedAt: Date.now() - 3 * dayMs } });
    } finally {
      await mongo.close();
    }
    await admin.reload();
    await admin.getByText(/^1 recording would be deleted/).waitFor();
    await admin.getByRole('button', { name: 'Delete now' }).click();
    const dialog = admin.getByRole('dialog');
    await dialog.getByText('Delete 1 recording for good?').waitFor();
    await dialog.getByRole('button', { name: 'Delete for good' }).click();
    await admin
      .getByTestId('retention-log')
      .getByText('Deleted', { exact: true })
      .waitFor({ timeout: 30_000 });

    await cx.reload();
    const deleted = cx.getByTestId('deleted');
    await deleted.getByText('This recording was deleted').waitFor({ timeout: 30_000 });
    await deleted.getByText(/^By the rule of how long calls are kept/).waitFor();
    const proof = deleted.getByRole('region', { name: 'Proof of the deletion' });
    await proof
      .getByText(/SHA-256 [0-9a-f]{64}/)
      .first()
      .waitFor();
    await expectAccessible(cx);
  });

  it('fits a phone and speaks Chinese', async () => {
    const options = { language: 'zh-CN', width: phone.width } as const;
    const pages = [
      await come({ personaId: 'admin', ...options }, '/retention'),
      await come({ personaId: 'cx', ...options }, `/recordings/${recordingId}`),
    ];
    await pages[0]!.getByTestId('retention-log').waitFor();
    await pages[1]!.getByTestId('deleted').waitFor();
    for (const page of pages) {
      expect(await sidewaysScroll(page)).to.equal(0);
      expect(await cutOffWords(page)).to.deep.equal([]);
      await expectAccessible(page);
    }
    // What people wrote is in their language; the page's own words are Chinese.
    const leftovers = (await englishLeftovers(pages[0]!)).filter(
      (text) => !/Tests keep nothing|Letter of a customer|The matter is settled/.test(text),
    );
    expect(leftovers).to.deep.equal([]);
  });
});
