import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { type Sending, sendOpusTone, sendSamples } from '#support/rtp-sender.ts';
import { secondOf, staircase, staircaseHz } from '#support/staircase.ts';
import { expectAccessible } from './support/accessibility.ts';
import { atTheEars, wiretapHeadset } from './support/ears.ts';
import { peerFigures, rememberPeerConnections } from './support/peer-connections.ts';
import { roomScene } from './support/room-scene.ts';
import { heard } from './support/sound.ts';
import { phone, type Visit, type VisitOptions } from './support/visit.ts';

interface RoomWindow {
  __room: {
    readonly state: { readonly shift: Shift | null; readonly returnMs: number | null };
    readonly shift: { heardMs(): number; edgeMs(): number; seek(ms: number): void };
  };
}
interface Shift {
  readonly playheadMs: number;
  readonly edgeMs: number;
  readonly behindMs: number;
  readonly speed: number;
  readonly liveInMs: number | null;
}

/** Where in the call the page stands, ms, and what its state says of it. */
const standing = (page: Page) =>
  page.evaluate(() => {
    const room = (globalThis as unknown as RoomWindow).__room;
    return { heardMs: room.shift.heardMs(), edgeMs: room.shift.edgeMs(), ...room.state };
  });

const heardAs = (page: Page, how: string, timeout = 10_000) =>
  page.locator(`[data-testid="live-state"][data-heard="${how}"]`).waitFor({ timeout });

/** What is heard is what was said at a second of the call, or in the one after it. */
const hearsSecond = (page: Page, second: number, within = 5_000) =>
  eventually(
    async () => {
      const { agent } = await heard(page);
      expect(secondOf(agent.hz)).to.be.within(second - 0.4, second + 1.4);
    },
    { within },
  );

const customerHz = 3_300;
const callSeconds = 110;
/** How far behind delayed seats hear. */
const delayMs = 3_000;

describe('A live call, heard again', function () {
  this.timeout(90_000);
  const scene = roomScene({ LISTENING_DELAY_MS: String(delayMs), PAUSE_REACHES_BACK_MS: '1000' });
  let callId: string;
  let sendings: Sending[] = [];

  const come = async (options: VisitOptions = {}): Promise<Visit> => {
    const one = await scene.open(options);
    await Promise.all([wiretapHeadset(one.context), rememberPeerConnections(one.context)]);
    await one.page.goto(`/room/${scene.slotId}`);
    return one;
  };
  const listenLive = async (options: VisitOptions = {}): Promise<Visit> => {
    const one = await come(options);
    const { page } = one;
    await page.getByTestId('listen').click();
    await page.locator('[data-testid="live-state"][data-phase="live"]').waitFor();
    await eventually(async () => expect((await heard(page)).agent.hz).to.be.greaterThan(0));
    return one;
  };
  /** Until the call has lasted so long. */
  const callLasts = (page: Page, seconds: number) =>
    eventually(
      async () => {
        expect((await standing(page)).edgeMs).to.be.greaterThan(seconds * 1000);
      },
      { within: seconds * 1000 + 5_000 },
    );

  /** A call in which every second of the agent's voice can be told from every other. */
  const speak = async () => {
    const call = await scene.house.telephony.open({ lineId: 'supermarket', agentId: 'agent-1' });
    callId = call.callId;
    const startAt = Date.now() + 50;
    const customer = new Int16Array(callSeconds * 8_000);
    for (let at = 0; at < customer.length; at++)
      customer[at] = 8_000 * Math.sin((2 * Math.PI * customerHz * at) / 8_000);
    sendings = call.legs.map((leg) =>
      sendSamples({ to: leg, startAt, samples: leg.role === 'agent' ? staircase(callSeconds) : customer }),
    );
    await eventually(async () => {
      const { calls } = await scene.manager.calls.live('supermarket');
      expect(calls.map(({ id }) => id)).to.include(callId);
    });
  };
  const hangUp = async () => {
    await Promise.all(sendings.map((sending) => sending.stop()));
    await scene.house.telephony.end(callId);
  };

  before(speak);
  after(() => Promise.all(sendings.map((sending) => sending.stop())));

  it('holds its place while it is paused, and goes live at once', async () => {
    const { page } = await listenLive();
    await callLasts(page, 6);
    await page.keyboard.press('Space');
    await heardAs(page, 'paused');
    await eventually(async () => {
      const { agent, customer } = await heard(page);
      expect(Math.max(agent.level, customer.level)).to.be.lessThan(0.001);
    });
    const { heardMs } = await standing(page);
    await callLasts(page, heardMs / 1000 + 4);
    expect((await standing(page)).heardMs).to.equal(heardMs);
    await page.keyboard.press('Space');
    await heardAs(page, 'shifted');
    await hearsSecond(page, Math.floor(heardMs / 1000));

    await page.keyboard.press('l');
    await heardAs(page, 'live');
    const { heardMs: live, returnMs } = await standing(page);
    await hearsSecond(page, Math.floor(live / 1000), 1_500);
    // And back to where one was.
    await page.keyboard.press('b');
    await hearsSecond(page, Math.floor(returnMs! / 1000));
    expect(live - returnMs!).to.be.greaterThan(3_000);
  });

  it('costs the SFU nothing while it is shifted', async () => {
    const { page } = await listenLive();
    await page.keyboard.press('j');
    await heardAs(page, 'shifted');
    await eventually(async () => expect((await heard(page)).agent.level).to.be.greaterThan(0.05));
    // What was under way has arrived.
    const packets = async () => (await peerFigures(page)).packetsReceived;
    let before = -1;
    await eventually(async () => {
      const now = await packets();
      const settled = now === before;
      before = now;
      expect(settled).to.equal(true);
    });
    const { heardMs } = await standing(page);
    await eventually(async () => expect((await standing(page)).heardMs).to.be.greaterThan(heardMs + 1_500));
    expect(await packets()).to.equal(before);
    await page.keyboard.press('l');
    await eventually(async () => expect(await packets()).to.be.greaterThan(before));
  });

  it('goes from the beginning, and wherever one clicks', async () => {
    const { page } = await listenLive();
    await page.keyboard.press('0');
    await heardAs(page, 'shifted');
    await hearsSecond(page, 0);
    const { edgeMs } = await standing(page);
    const slider = page.getByRole('slider', { name: 'Position in the call' });
    const box = (await slider.boundingBox())!;
    // Its width is a minute as long as the call is shorter than that.
    expect(edgeMs).to.be.lessThan(58_000);
    await page.mouse.click(box.x + (box.width * 5.5) / 60, box.y + 10);
    await hearsSecond(page, 5);
    // The agent at the left ear, the customer at the right, as live.
    await eventually(async () => {
      const second = (await standing(page)).heardMs / 1000;
      const { left, right } = await atTheEars(page, { agent: staircaseHz(second), customer: customerHz });
      expect(right.customer - left.customer).to.be.greaterThan(40);
      expect(left.agent - right.agent).to.be.greaterThan(30);
    });
  });

  it('plays the last thirty seconds again, tone by tone', async () => {
    const { page } = await listenLive();
    await callLasts(page, 33);
    const { heardMs } = await standing(page);
    await page.keyboard.press('Shift+ArrowLeft');
    await heardAs(page, 'shifted');
    const back = heardMs / 1000 - 30;
    for (const second of [0, 1, 2, 3]) await hearsSecond(page, Math.floor(back) + second, 3_000);
    // What the page says of its place is what is heard.
    await eventually(async () => {
      const [{ agent }, { heardMs: at }] = await Promise.all([heard(page), standing(page)]);
      expect(secondOf(agent.hz)).to.be.closeTo(Math.floor(at / 1000), 0.4);
    });
    await page.getByText(/^0:(29|3\d) behind$/).waitFor();
  });

  for (const [speed, behind] of [
    [1.5, 4],
    [2, 14],
  ] as const) {
    it(`catches up at ${speed} times the speed, at the voices’ own pitch, and is live when it said`, async () => {
      const { page } = await listenLive();
      await callLasts(page, 15);
      await page.evaluate((ms) => {
        const { shift } = (globalThis as unknown as RoomWindow).__room;
        shift.seek(shift.heardMs() - ms);
      }, behind * 1000);
      await heardAs(page, 'shifted');
      await eventually(async () => expect((await heard(page)).agent.hz).to.be.greaterThan(0));
      await page.getByRole('radiogroup', { name: 'Speed' }).getByText(`${speed}×`, { exact: true }).click();
      await heardAs(page, 'catching-up');
      // A tone of the staircase and not one half as high again; and the customer's is the customer's.
      await eventually(async () => {
        const [{ agent, customer }, { heardMs }] = await Promise.all([heard(page), standing(page)]);
        expect(secondOf(agent.hz)).to.be.closeTo(Math.floor(heardMs / 1000), 0.45);
        expect(customer.hz).to.be.closeTo(customerHz, customerHz * 0.01);
      });
      const { promised, passed } = await page.evaluate(async () => {
        const room = (globalThis as unknown as RoomWindow).__room;
        // Just said anew, as it is four times a second.
        const before = room.state.shift;
        while (room.state.shift === before) await new Promise((resolve) => setTimeout(resolve, 1));
        const from = performance.now();
        const promised = room.state.shift?.liveInMs ?? Number.NaN;
        while (room.state.shift) {
          if (performance.now() - from > 40_000) throw new Error('it never caught up');
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return { promised, passed: performance.now() - from };
      });
      // Of a short way the recorder's disk, which is written in strokes, is too large a part to be held to.
      if (behind > 10) expect(passed).to.be.closeTo(promised, promised * 0.05);
      await heardAs(page, 'live');
      const { heardMs } = await standing(page);
      await hearsSecond(page, Math.floor(heardMs / 1000), 1_500);
    });
  }

  it('keeps its place when the socket is cut, and plays on by itself', async () => {
    await hangUp();
    await speak();
    const { page, forgive } = await listenLive();
    await callLasts(page, 5);
    await page.keyboard.press('j');
    await heardAs(page, 'shifted');
    await page.context().setOffline(true);
    await page.locator('[data-testid="live-state"][data-phase="recovering"]').waitFor({ timeout: 30_000 });
    const { heardMs } = await standing(page);
    await page.context().setOffline(false);
    await page.locator('[data-testid="live-state"][data-phase="live"]').waitFor({ timeout: 20_000 });
    await heardAs(page, 'shifted');
    const { heardMs: after } = await standing(page);
    await hearsSecond(page, Math.floor(after / 1000));
    // Not a second of the call was left out.
    expect(after).to.be.within(heardMs - 50, heardMs + 30_000);
    forgive(/ERR_INTERNET_DISCONNECTED|WebSocket/);
  });

  it('is never live for a delayed seat, which has no line to it at all', async () => {
    const partner = await PersonClient.signIn(scene.house.url, 'partner-team');
    await partner.seats.checkIn(await partner.seats.reserve({ id: scene.slotId }));
    const { page } = await come({ personaId: 'partner-team' });
    await page.getByTestId('listen').click();
    await heardAs(page, 'delayed');
    await page.getByText('3 s delayed').waitFor();
    await eventually(async () => {
      const [{ agent }, { edgeMs, heardMs }] = await Promise.all([heard(page), standing(page)]);
      expect(secondOf(agent.hz)).to.be.closeTo(Math.floor(heardMs / 1000), 0.4);
      // It is brought forward when it fell back by three seconds, not for less.
      expect(edgeMs - heardMs).to.be.within(0, 3_200);
    });
    // By the manager's clock the call is further.
    const { calls } = await scene.manager.calls.live('supermarket');
    const startedAt = calls.find(({ id }) => id === callId)!.startedAt!;
    expect(Date.now() - startedAt - (await standing(page)).heardMs).to.be.greaterThan(delayMs);
    await page.keyboard.press('j');
    await heardAs(page, 'shifted');
    await page.keyboard.press('l');
    await heardAs(page, 'delayed');
    expect((await peerFigures(page)).made).to.equal(0);
    await expectAccessible(page);
  });

  it('is open to everybody while it is shifted (axe finds nothing)', async () => {
    const { page } = await listenLive({ language: 'zh-CN', ...phone });
    await page.getByTestId('again').click();
    await heardAs(page, 'shifted');
    await expectAccessible(page);
    await page.getByTestId('pause').click();
    await heardAs(page, 'paused');
    await expectAccessible(page);
    const widest = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(widest).to.be.at.most(0);
    await page.getByTestId('go-live').click();
    await heardAs(page, 'live');
  });

  it('is heard on to its end by who is behind when it ends', async () => {
    const { page } = await listenLive();
    await page.evaluate(() => {
      const { shift } = (globalThis as unknown as RoomWindow).__room;
      shift.seek(shift.heardMs() - 6_000);
    });
    await heardAs(page, 'shifted');
    await eventually(async () => expect((await heard(page)).agent.hz).to.be.greaterThan(0));
    const { edgeMs } = await standing(page);
    await hangUp();
    await page.getByText(/to its end$/).waitFor();
    await hearsSecond(page, Math.floor(edgeMs / 1000) - 1, 10_000);
    await page.locator('[data-testid="live-state"][data-phase="ended"]').waitFor({ timeout: 10_000 });
    expect((await heard(page)).agent.level).to.equal(0);
  });

  it('plays Opus as it plays G.711', async () => {
    const call = await scene.house.telephony.open({
      lineId: 'supermarket',
      legs: [
        { role: 'agent', codec: 'opus' },
        { role: 'customer', codec: 'opus' },
      ],
    });
    const spoken = call.legs.map((leg) =>
      sendOpusTone({ to: leg, hz: leg.role === 'agent' ? 500 : 1_300, seconds: 60 }),
    );
    try {
      const { page } = await listenLive();
      await callLasts(page, 4);
      await page.keyboard.press('0');
      await heardAs(page, 'shifted');
      await eventually(async () => {
        const { agent, customer } = await heard(page);
        expect(agent.hz).to.be.closeTo(500, 5);
        expect(customer.hz).to.be.closeTo(1_300, 13);
      });
      await page.keyboard.press('+');
      await heardAs(page, 'catching-up');
      await eventually(async () => expect((await heard(page)).agent.hz).to.be.closeTo(500, 5));
    } finally {
      await Promise.all(spoken.map((sending) => sending.stop()));
      await scene.house.telephony.end(call.callId);
    }
  });
});
