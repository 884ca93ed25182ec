import { expect } from 'chai';
import type { Page } from 'playwright-core';
import type { Role } from '#contract/identity.ts';
import { softphoneEndpoints } from '#contract/softphone.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { expectAccessible } from './support/accessibility.ts';
import { type House, raiseHouse } from './support/house.ts';
import { cutOffWords, englishLeftovers, machineWords, sidewaysScroll } from './support/inspect.ts';
import { desk, type Language, phone, type Visit, visit } from './support/visit.ts';

interface Place {
  readonly name: string;
  /** Who looks at it; nobody has signed in unless told. */
  readonly as?: string;
  readonly path: () => string;
  /** Resolves when the page shows what it is about. */
  readonly shown: (page: Page) => Promise<unknown>;
  /** Errors in the console that belong to what is shown. */
  readonly forgives?: RegExp;
}

type Size = typeof desk | typeof phone;

/** One persona of each role. */
const oneOf: Record<Role, string> = {
  listener: 'supermarket-manager',
  owner: 'mother-baby-owner',
  host: 'host',
  cx: 'cx',
  agent: 'agent-1',
  admin: 'admin',
};

describe('The pages', function () {
  this.timeout(60_000);
  let house: House;
  const visits = new Map<string, Visit>();
  let slotId: string;
  let laterSlotId: string;
  let recordingId: string;
  let customerPath: string;

  before(async function () {
    this.timeout(180_000);
    house = await raiseHouse();
    const { telephony, host } = house;
    slotId = await house.planRunningSlot('supermarket');
    const tomorrow = Math.floor(Date.now() / 3_600_000) * 3_600_000 + 24 * 3_600_000;
    const plan = { lineId: 'supermarket', startsAt: tomorrow, endsAt: tomorrow + 3_600_000, seats: 5 };
    laterSlotId = (await host.seats.plan(plan)).id;
    const facts = {
      scenarioId: 'nappy-size-swap',
      orderId: 'SO-20480915',
      product: { en: 'Nappies, extra soft, size 4, 128 pieces', zh: '超柔纸尿裤 L 码 128 片箱装' },
    };
    const past = await house.call({ lineId: 'supermarket', seconds: 4, facts });
    const { legs } = await telephony.show(past.callId);
    const customer = legs.find(({ role }) => role === 'customer')!;
    await telephony.hold(past.callId, customer.id, true);
    await eventually(async () => expect((await telephony.show(past.callId)).startedAt).not.to.equal(null));
    await past.done;
    await past.end();
    const { reservations } = await reserveAll(house.url, slotId, laterSlotId);
    expect(reservations).to.equal(2);
    for (let call = 0; call < 2; call++) await house.call({ lineId: 'supermarket', seconds: 600, facts });
    const agent = await PersonClient.signIn(house.url, 'agent-1');
    ({ customerPath } = await agent.api.call(softphoneEndpoints.open, { body: { lineId: 'supermarket' } }));
    recordingId = await eventually(
      async () => {
        const { recordings } = await host.recordings.list();
        const found = recordings.find(({ callId }) => callId === past.callId);
        expect(found?.state).to.equal('archived');
        return found!.id;
      },
      { within: 20_000, every: 200 },
    );
  });
  after(async () => {
    await Promise.all([...visits.values()].map((one) => one.close()));
    await house?.stop();
  });

  const heading = (page: Page) => page.getByRole('heading', { level: 1 }).first().waitFor();
  const row = (page: Page) => page.locator('a[href^="/recordings/"]').first().waitFor();
  const phase = (page: Page, name: string) => page.locator(`[data-phase="${name}"]`).waitFor();

  const places: Place[] = [
    { name: 'sign-in', path: () => '/', shown: (page) => page.locator('[data-persona="host"]').waitFor() },
    { name: 'today of a listener', as: 'supermarket-manager', path: () => '/', shown: heading },
    { name: 'today of somebody without a seat', as: 'delivery-director', path: () => '/', shown: heading },
    { name: 'today of the host', as: 'host', path: () => '/', shown: heading },
    { name: 'today of an agent', as: 'agent-2', path: () => '/', shown: heading },
    {
      name: 'today of an agent on a call',
      as: 'agent-1',
      path: () => '/',
      shown: (page) => page.getByTestId('pause').first().waitFor(),
    },
    {
      name: 'seats',
      as: 'supermarket-manager',
      path: () => '/seats',
      shown: (page) => page.locator(`[data-slot="${slotId}"]`).first().waitFor(),
    },
    {
      name: 'a slot up close',
      as: 'cx',
      path: () => `/seats?slot=${laterSlotId}`,
      shown: (page) => page.getByRole('dialog').getByRole('button').last().waitFor(),
    },
    {
      name: 'planning a slot',
      as: 'host',
      path: () => '/seats',
      async shown(page) {
        await page.getByRole('button', { name: /^(Plan a slot|安排场次)$/ }).click();
        await page
          .getByRole('dialog')
          .getByRole('button', { name: /^(Plan the slot|确认安排)$/ })
          .waitFor();
      },
    },
    { name: 'library', as: 'supermarket-manager', path: () => '/library', shown: row },
    {
      name: 'library without a match',
      as: 'supermarket-manager',
      path: () => '/library?q=zzz',
      shown: (page) => page.getByText(/Nothing matches|没有符合/).waitFor(),
    },
    {
      name: 'recording',
      as: 'supermarket-manager',
      path: () => `/recordings/${recordingId}`,
      async shown(page) {
        await page.getByRole('slider').first().waitFor();
        await page.getByRole('button', { name: /^(Play|播放)$/ }).click();
        await page.getByText(/Silence \d|静音 \d/).waitFor();
      },
    },
    {
      name: 'operations',
      as: 'admin',
      path: () => '/operations',
      shown: (page) =>
        page
          .getByText(/Live audio process|实时/)
          .first()
          .waitFor(),
    },
    {
      name: 'retention',
      as: 'admin',
      path: () => '/retention',
      shown: (page) => page.getByTestId('policies').waitFor(),
    },
    { name: 'agent desk', as: 'agent-1', path: () => '/desk', shown: heading },
    {
      name: 'live room before listening',
      as: 'supermarket-manager',
      path: () => `/room/${slotId}`,
      shown: (page) => phase(page, 'idle'),
    },
    {
      name: 'live room while listening',
      as: 'supermarket-manager',
      path: () => `/room/${slotId}`,
      async shown(page) {
        await page.getByTestId('listen').click();
        await phase(page, 'live');
      },
    },
    {
      name: 'live room without a seat',
      as: 'mother-baby-owner',
      path: () => `/room/${slotId}`,
      async shown(page) {
        await heading(page);
        await page.getByRole('main').getByRole('alert').first().waitFor();
      },
    },
    {
      name: 'customer link',
      path: () => customerPath,
      shown: (page) => page.getByRole('button', { name: /^(Talk|通话)$/ }).waitFor(),
    },
    {
      name: 'customer link that is not known',
      path: () => '/c/notalink0000000000000000',
      shown: (page) => phase(page, 'unknown'),
      forgives: /404|400/,
    },
    { name: 'me', as: 'supermarket-manager', path: () => '/me', shown: heading },
    { name: 'an address that leads nowhere', as: 'cx', path: () => '/nowhere', shown: heading },
    {
      name: 'a recording of somebody else’s business',
      as: 'fresh-manager',
      path: () => `/recordings/${recordingId}`,
      // In the page: what is read out to blind people is there from the beginning.
      shown: (page) => page.getByRole('main').getByRole('alert').first().waitFor(),
      forgives: /403|404/,
    },
  ];

  for (const place of places) {
    it(`${place.name}: whole, readable and clean in both languages, at a desk and on a phone`, async () => {
      await lookAt(place, 'en', [phone, desk]);
      await lookAt(place, 'zh-CN', [desk, phone]);
    });
  }

  /** Looks at a page in several sizes; axe, which takes longest, looks at the last. */
  async function lookAt(place: Place, language: Language, sizes: readonly Size[]): Promise<void> {
    const one = await browserOf(place.as, language);
    const { page } = one;
    await page.setViewportSize(sizes[0]!);
    await page.goto(place.path());
    await place.shown(page);
    for (const size of sizes) {
      await page.setViewportSize(size);
      await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
      const seen = `${language}, ${size.width} px`;
      // A page takes a moment to lay itself out anew after its window changed.
      await eventually(async () => {
        expect(await sidewaysScroll(page), seen).to.equal(0);
        expect(await cutOffWords(page), seen).to.deep.equal([]);
      });
      expect(await machineWords(page), seen).to.deep.equal([]);
      if (language === 'zh-CN') expect(await englishLeftovers(page)).to.deep.equal([]);
    }
    await expectAccessible(page);
    const title = await page.title();
    expect(title).to.match(language === 'en' ? /^[A-Z]/ : /^\p{Script=Han}/u);
    expect(title).not.to.equal(language === 'en' ? 'Cloud Listening' : '云听');
    expect(await page.locator('html').getAttribute('lang')).to.equal(language);
    one.forgive(place.forgives ?? /^$/);
    expect(one.problems).to.deep.equal([]);
    // A page that goes on drawing what is live would take the processor from the next ones.
    await page.goto('about:blank');
  }

  /** One browser for each person and language: what it loaded for one page it has for the next. */
  async function browserOf(personaId: string | undefined, language: Language): Promise<Visit> {
    const name = `${personaId} ${language}`;
    const known = visits.get(name);
    if (known) return known;
    const one = await visit(house.url, { language, ...(personaId && { personaId }) });
    visits.set(name, one);
    // By day in English, by night in Chinese: colours are the same in both languages.
    const colorScheme = language === 'en' ? 'light' : 'dark';
    await one.page.emulateMedia({ reducedMotion: 'reduce', colorScheme });
    return one;
  }

  const guarded: { path: () => string; roles: readonly Role[] }[] = [
    { path: () => '/seats', roles: ['listener', 'owner', 'host', 'cx', 'admin'] },
    { path: () => '/library', roles: ['listener', 'owner', 'host', 'cx'] },
    { path: () => `/recordings/${recordingId}`, roles: ['listener', 'owner', 'host', 'cx'] },
    { path: () => '/meetings', roles: ['listener', 'owner', 'host', 'cx'] },
    { path: () => '/reports/listening', roles: ['listener', 'owner', 'host', 'cx', 'admin'] },
    { path: () => '/operations', roles: ['host', 'admin'] },
    { path: () => '/retention', roles: ['cx', 'admin'] },
    { path: () => '/desk', roles: ['agent'] },
    { path: () => `/room/${slotId}`, roles: ['listener', 'owner', 'host', 'cx'] },
  ];

  for (const role of Object.keys(oneOf) as Role[]) {
    it(`are open to the role ${role} as far as it goes, and no further`, async () => {
      const { page } = await browserOf(oneOf[role], 'en');
      await page.setViewportSize(desk);
      for (const { path, roles } of guarded) {
        await page.goto(path());
        await page.locator('h1').first().waitFor({ state: 'attached' });
        const refused = await page
          .getByRole('heading', { name: 'This page is not part of your role' })
          .count();
        expect(refused === 0, `${role} at ${path()}`).to.equal(roles.includes(role));
      }
      await page.goto('/');
      const links = page.getByRole('navigation').getByRole('link');
      await links.first().waitFor();
      const offered = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')));
      const may = guarded.filter(({ roles }) => roles.includes(role)).map(({ path }) => path());
      expect(offered).to.have.members(['/', ...may.filter((path) => /^\/[a-z]+$/.test(path))]);
    });
  }

  it('show nobody anything before the sign-in, and lead on to where the link went', async () => {
    const { page, close } = await visit(house.url);
    try {
      for (const { path } of guarded) {
        await page.goto(path());
        await page.getByRole('heading', { name: 'Who would you like to be?' }).waitFor();
      }
      await page.goto('/library');
      await page.getByRole('button', { name: 'Lin Yue' }).click();
      await page.getByRole('heading', { level: 1, name: 'Library' }).waitFor();
    } finally {
      await close();
    }
  });
});

/** The supermarket manager takes a seat in both slots and checks in to the first. */
async function reserveAll(url: string, running: string, later: string): Promise<{ reservations: number }> {
  const manager = await PersonClient.signIn(url, 'supermarket-manager');
  await manager.seats.checkIn(await manager.seats.reserve({ id: running }));
  await manager.seats.reserve({ id: later });
  return { reservations: (await manager.seats.mine()).reservations.length };
}
