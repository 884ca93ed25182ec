import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { PersonClient } from '#support/clients/person-client.ts';
import { decodeAudio } from '#support/decode-audio.ts';
import { eventually } from '#support/eventually.ts';
import { dominantFrequency } from '#support/tone.ts';
import { expectAccessible } from './support/accessibility.ts';
import { sharedChromium } from './support/chromium.ts';
import { type House, raiseHouse } from './support/house.ts';
import { chromiumWithTone, refuseMicrophone, withoutVoiceProcessing } from './support/microphone.ts';
import { receivedTones, rememberPeerConnections } from './support/peer-connections.ts';
import { heard } from './support/sound.ts';
import { phone, signIn } from './support/visit.ts';

const desk = (page: Page, phase: string) =>
  page.locator(`[data-testid="desk-state"][data-phase="${phase}"]`).waitFor();
const customer = (page: Page, phase: string) =>
  page.locator(`[data-testid="customer-state"][data-phase="${phase}"]`).waitFor();

/** One voice comes, and it is this tone; the spectrum's bins are 5.9 Hz apart. */
const receives = (page: Page, hz: number, within = 10_000) =>
  eventually(
    async () => {
      const tones = await receivedTones(page);
      expect(tones).to.have.length(1);
      expect(tones[0]).to.be.closeTo(hz, 8);
    },
    { within },
  );

const sampleRate = 8_000;

/** The tone of every whole second that has one, Hz. */
const voicedTones = (samples: Int16Array): number[] => {
  const tones: number[] = [];
  for (let from = 0; from + sampleRate <= samples.length; from += sampleRate) {
    const tone = dominantFrequency(samples.subarray(from, from + sampleRate), sampleRate);
    if (tone !== undefined) tones.push(tone);
  }
  return tones;
};

describe('The softphone', function () {
  this.timeout(60_000);
  let house: House;
  const browsers: { close(): Promise<void> }[] = [];
  let contexts: BrowserContext[] = [];
  let problems: string[] = [];

  const newContext = async (
    browser: Browser,
    options: { personaId?: string; language?: string; small?: boolean } = {},
  ) => {
    const context = await browser.newContext({
      baseURL: house.url,
      locale: options.language ?? 'en',
      timezoneId: 'Asia/Shanghai',
      ...(options.small && { viewport: phone, hasTouch: true }),
    });
    contexts.push(context);
    context.setDefaultTimeout(15_000);
    if (options.personaId) await signIn(context, house.url, options.personaId);
    context.on('page', (page) => {
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(`${message.text()} (${message.location().url})`);
      });
    });
    return context;
  };
  /** Opens a call at the desk of `agent-1`; answers the customer's link. */
  const openCall = async (page: Page): Promise<string> => {
    await page.goto('/desk');
    await page.getByTestId('open-call').click();
    await desk(page, 'alone');
    return page.getByTestId('customer-link').inputValue();
  };

  before(async function () {
    this.timeout(180_000);
    house = await raiseHouse();
  });
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    const seen = problems;
    contexts = [];
    problems = [];
    expect(seen).to.deep.equal([]);
  });
  after(async () => {
    await Promise.all(browsers.map((browser) => browser.close()));
    await house?.stop();
  });

  describe('between two browsers, with a third that listens', () => {
    let agent: Page;
    let caller: Page;
    let listener: Page;
    let link: string;
    // The story goes on from test to test, so its pages stay.
    let pages: BrowserContext[] = [];

    before(async function () {
      this.timeout(60_000);
      const [agentSide, callerSide] = await Promise.all([chromiumWithTone(440), chromiumWithTone(880)]);
      browsers.push(agentSide, callerSide);
      const slotId = await house.planRunningSlot('supermarket');
      const manager = await PersonClient.signIn(house.url, 'supermarket-manager');
      await manager.seats.checkIn(await manager.seats.reserve({ id: slotId }));
      const agentContext = await newContext(agentSide.browser, { personaId: 'agent-1' });
      const callerContext = await newContext(callerSide.browser, { small: true });
      const listenerContext = await newContext(await sharedChromium(), { personaId: 'supermarket-manager' });
      for (const context of [agentContext, callerContext]) {
        await withoutVoiceProcessing(context);
        await rememberPeerConnections(context);
      }
      [agent, caller, listener] = await Promise.all([
        agentContext.newPage(),
        callerContext.newPage(),
        listenerContext.newPage(),
      ]);
      await listener.goto(`/room/${slotId}`);
      pages = contexts;
      contexts = [];
    });
    after(() => Promise.all(pages.map((context) => context.close())));

    it('gives the agent a link and takes the microphone', async () => {
      link = await openCall(agent);
      expect(new URL(link).pathname).to.match(/^\/c\/[\w-]{32}$/);
      await agent.locator('[data-testid="talk-agent"][data-speaking="true"]').waitFor();
    });

    it('lets the two hear each other', async () => {
      await caller.goto(link);
      await caller.getByText('The call is recorded').waitFor();
      await caller.getByTestId('talk').click();
      await Promise.all([customer(caller, 'talking'), desk(agent, 'talking')]);
      await Promise.all([receives(caller, 440), receives(agent, 880)]);
      await caller.getByRole('heading', { name: 'You are talking to Chen Lu' }).waitFor();
    });

    it('lets a listener in the live room hear both, each on their own track', async () => {
      await listener.getByTestId('listen').click();
      await eventually(async () => {
        const voices = await heard(listener);
        expect(voices.agent.hz).to.be.closeTo(440, 8);
        expect(voices.customer.hz).to.be.closeTo(880, 8);
      });
      await listener.getByRole('heading', { name: 'Chen Lu' }).waitFor();
    });

    it('holds: the agent is heard by nobody, the customer is told, the listener sees it', async () => {
      await agent.getByTestId('hold').click();
      await agent.getByRole('heading', { name: /On hold/ }).waitFor();
      await caller.locator('[data-testid="customer-state"][data-quiet="true"]').waitFor();
      await eventually(async () => {
        const voices = await heard(listener);
        expect(voices.agent.hz).to.equal(0);
        expect(voices.customer.hz).to.be.closeTo(880, 8);
      });
      await listener.getByTestId('voice-agent').getByText('on hold').waitFor();
      expect(await receivedTones(caller)).to.deep.equal([0]);

      await agent.getByTestId('hold').click();
      await caller.locator('[data-testid="customer-state"][data-quiet="false"]').waitFor();
      await receives(caller, 440);
      await eventually(async () => expect((await heard(listener)).agent.hz).to.be.closeTo(440, 8));
    });

    it('pauses for a card number: the listener hears nothing, the two go on', async () => {
      await agent.getByTestId('pause').click();
      await agent.locator('[data-testid="pause-control"][data-paused="true"]').waitFor();
      await listener.locator('[data-testid="live-state"][data-paused="true"]').waitFor();
      await eventually(async () => {
        const voices = await heard(listener);
        expect([voices.agent.hz, voices.customer.hz]).to.deep.equal([0, 0]);
      });
      await Promise.all([receives(caller, 440), receives(agent, 880)]);
      await agent.getByTestId('pause').click();
      await listener.locator('[data-testid="live-state"][data-paused="false"]').waitFor();
      await eventually(async () => {
        const voices = await heard(listener);
        expect(voices.agent.hz).to.be.closeTo(440, 8);
        expect(voices.customer.hz).to.be.closeTo(880, 8);
      });
    });

    it('goes on by itself, for all three, when the SFU worker dies', async () => {
      const { media } = await house.host.operations.overview();
      const killed = media.map(({ workerPid }) => workerPid);
      for (const pid of killed) process.kill(pid, 'SIGKILL');
      // The page may be back before anybody could see it mend: that the worker is another one is what counts.
      await eventually(async () => {
        const now = (await house.host.operations.overview()).media.map(({ workerPid }) => workerPid);
        expect(now).to.have.length(killed.length);
        expect(now).not.to.include.any.members(killed);
      });
      await Promise.all([customer(caller, 'talking'), desk(agent, 'talking')]);
      await Promise.all([receives(caller, 440, 10_000), receives(agent, 880, 10_000)]);
      await eventually(
        async () => {
          const voices = await heard(listener);
          expect(voices.agent.hz).to.be.closeTo(440, 8);
          expect(voices.customer.hz).to.be.closeTo(880, 8);
        },
        { within: 10_000 },
      );
    });

    it('survives a reload of the agent’s page, with the link still there', async () => {
      agent.once('dialog', (dialog) => void dialog.accept());
      await agent.reload();
      await customer(caller, 'alone');
      await agent.getByTestId('resume-call').click();
      await desk(agent, 'talking');
      await Promise.all([receives(caller, 440), receives(agent, 880)]);
    });

    it('asks before the agent leaves the desk in the middle of a call', async () => {
      await agent.getByRole('link', { name: 'Today' }).click();
      await agent.getByRole('dialog').getByRole('button', { name: 'Stay' }).click();
      expect(new URL(agent.url()).pathname).to.equal('/desk');
      await receives(caller, 440);
    });

    it('ends for all three when the customer hangs up', async () => {
      await caller.getByTestId('hang-up').click();
      await caller.getByRole('heading', { name: 'Thank you for the call' }).waitFor();
      await agent.getByTestId('call-over').waitFor();
      await listener.locator('[data-testid="live-state"][data-phase="ended"]').waitFor();
      for (const page of [agent, caller]) expect(await receivedTones(page)).to.deep.equal([]);
    });

    it('is archived like any other call: agent left, customer right', async () => {
      const host = await PersonClient.signIn(house.url, 'host');
      const recording = await eventually(
        async () => {
          const { recordings } = await host.recordings.list({ agentId: 'agent-1' });
          // The newest: calls of other tests may be older.
          expect(recordings[0]?.state).to.equal('archived');
          return recordings[0]!;
        },
        { within: 20_000, every: 200 },
      );
      const { url } = await host.recordings.audio(recording.id);
      const channels = await decodeAudio(url, sampleRate);
      expect(channels).to.have.length(2);
      const tones = channels.map((samples) => voicedTones(samples));
      for (const [channel, hz] of [440, 880].entries()) {
        const voiced = tones[channel]!;
        // What was sent while the SFU worker was dead or the page reloaded is not there; all that is there is this tone.
        expect(voiced.length, `seconds with a voice, channel ${channel}`).to.be.greaterThan(4);
        const right = voiced.filter((tone) => Math.abs(tone - hz) <= 10);
        expect(right.length / voiced.length, `channel ${channel}: ${voiced.join(' ')}`).to.be.greaterThan(
          0.8,
        );
      }
    });

    it('tells the agent afterwards who heard the call', async () => {
      const newest = agent.getByTestId('own-calls').getByRole('listitem').first();
      await newest.getByText('Lin Yue').first().waitFor();
      await newest
        .getByText(/^live, today/)
        .first()
        .waitFor();
    });

    it('does not open the link a second time', async () => {
      await caller.reload();
      await customer(caller, 'used');
      // The browser itself notes the answer 410.
      problems = problems.filter((problem) => !problem.includes('410'));
    });
  });

  it('tells a customer who refused the microphone what to do, and takes it the next time', async () => {
    const browser = await sharedChromium();
    const agent = await (await newContext(browser, { personaId: 'agent-1' })).newPage();
    const link = await openCall(agent);
    const context = await newContext(browser, { small: true });
    await refuseMicrophone(context, 1);
    const caller = await context.newPage();
    await caller.goto(link);
    await caller.getByTestId('talk').click();
    await caller.getByText('The microphone is not allowed').waitFor();
    await expectAccessible(caller);
    await caller.getByRole('button', { name: 'Try again' }).click();
    await customer(caller, 'talking');

    // And the agent hangs up this time.
    await agent.getByTestId('hang-up').click();
    await agent.getByTestId('call-over').waitFor();
    await customer(caller, 'ended');
  });

  it('says that a link is not known', async () => {
    const caller = await (await newContext(await sharedChromium(), { small: true })).newPage();
    await caller.goto(`/c/${'x'.repeat(32)}`);
    await customer(caller, 'unknown');
    await caller.goto('/c/cut%20off');
    await customer(caller, 'unknown');
    await expectAccessible(caller);
    problems = problems.filter((problem) => !/40[04]/.test(problem));
  });

  it('hands the call to another window of the agent', async () => {
    const browser = await sharedChromium();
    const context = await newContext(browser, { personaId: 'agent-1' });
    const first = await context.newPage();
    await openCall(first);
    const second = await context.newPage();
    await second.goto('/desk');
    await second.getByTestId('resume-call').click();
    await desk(second, 'alone');
    await first.getByRole('heading', { name: 'The call goes on in another window' }).waitFor();
    await second.getByTestId('hang-up').click();
    await second.getByTestId('call-over').waitFor();
  });

  describe('is open to everybody (axe finds nothing)', () => {
    for (const [name, language, small] of [
      ['at a desk in English', 'en', false],
      ['on a phone in Chinese', 'zh-CN', true],
    ] as const) {
      it(name, async () => {
        const browser = await sharedChromium();
        const agent = await (await newContext(browser, { personaId: 'agent-1', language, small })).newPage();
        await agent.goto('/desk');
        await agent.getByTestId('open-call').waitFor();
        await expectAccessible(agent);
        const link = await openCall(agent);
        await expectAccessible(agent);
        const caller = await (await newContext(browser, { language, small })).newPage();
        await caller.goto(link);
        await caller.getByTestId('talk').waitFor();
        await expectAccessible(caller);
        await caller.getByTestId('talk').click();
        await Promise.all([customer(caller, 'talking'), desk(agent, 'talking')]);
        await expectAccessible(caller);
        await expectAccessible(agent);
        await caller.getByTestId('hang-up').click();
        await agent.getByTestId('call-over').waitFor();
        await expectAccessible(caller);
        await expectAccessible(agent);
        for (const page of [agent, caller]) {
          expect(
            await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
          ).to.be.at.most(0);
        }
      });
    }
  });
});
