import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { softphoneRequests } from '#contract/softphone-media.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { expectAccessible } from './support/accessibility.ts';
import { atTheEars, takeSoundAway, wiretapHeadset } from './support/ears.ts';
import { peerFigures, rememberPeerConnections } from './support/peer-connections.ts';
import { phase, roomScene } from './support/room-scene.ts';
import { type ShakyNetwork, throughShakyNetwork } from './support/shaky-network.ts';
import { heard, hears } from './support/sound.ts';
import { phone, type Visit, type VisitOptions } from './support/visit.ts';

describe('The live room', function () {
  this.timeout(60_000);
  const scene = roomScene();
  const come = async (options: VisitOptions = {}, path = `/room/${scene.slotId}`): Promise<Visit> => {
    const one = await scene.open(options);
    await Promise.all([rememberPeerConnections(one.context), wiretapHeadset(one.context)]);
    await one.page.goto(path);
    return one;
  };

  it('lets the agent be heard on the agent’s track and at the left ear, the customer at the right', async () => {
    await scene.ring();
    const { page } = await come();
    await page.getByTestId('listen').click();
    await phase(page, 'live');
    await hears(page, 440, 880);
    await eventually(async () => {
      expect(await page.getByTestId('voice-agent').getAttribute('data-speaking')).to.equal('true');
      expect(await page.getByTestId('voice-customer').getAttribute('data-speaking')).to.equal('true');
    });
    const tones = { agent: 440, customer: 880 };
    await eventually(async () => {
      const { left, right } = await atTheEars(page, tones);
      expect(left.agent - left.customer).to.be.greaterThan(40);
      expect(right.customer - right.agent).to.be.greaterThan(40);
    });

    // The agent to the middle: now at both ears, and still the agent.
    await page.getByRole('radiogroup', { name: 'Side of Chen Lu' }).getByText('Middle').click();
    await eventually(async () => {
      const { left, right } = await atTheEars(page, tones);
      expect(Math.abs(left.agent - right.agent)).to.be.lessThan(3);
    });
    // And silent: not to be heard, but still seen to speak.
    await page.getByRole('slider', { name: 'Volume of Chen Lu' }).press('Home');
    await eventually(async () => {
      const { left, right } = await atTheEars(page, tones);
      expect(Math.max(left.agent, right.agent)).to.be.lessThan(-80);
      expect(right.customer).to.be.greaterThan(-40);
    });
    expect((await heard(page)).agent.level).to.be.greaterThan(0.1);
  });

  it('has no way to send anything', async () => {
    const call = await scene.ring();
    const { page } = await come();
    await page.getByTestId('listen').click();
    await hears(page, 440, 880);
    const figures = await peerFigures(page);
    expect(figures).to.include({ inbound: 2, outbound: 0, sentTracks: 0 });
    expect(figures.directions).to.deep.equal(['recvonly', 'recvonly']);

    // Nor does the server have an ear for a listener who tries: no such request, and not on somebody else's call.
    const socket = await scene.manager.socket();
    const rtpParameters = {
      mid: '0',
      codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2 }],
      encodings: [{ ssrc: 4_711 }],
    };
    const own = await socket.raw('listening:produce', { kind: 'audio', rtpParameters });
    expect(own).to.deep.include({ ok: false }).and.to.have.nested.property('error.code', 'request.invalid');
    const foreign = await socket.raw(softphoneRequests.produce.event, {
      callId: call.callId,
      kind: 'audio',
      rtpParameters,
    });
    expect(foreign).to.have.nested.property('error.code', 'ability.denied');
    socket.close();
    await hears(page, 440, 880);
  });

  it('waits for a call where there is none, and hears it when it comes', async () => {
    const { page } = await come();
    await page.getByText('No call is live right now').waitFor();
    await page.getByRole('button', { name: 'Hear the next call' }).click();
    await phase(page, 'waiting');
    await scene.ring();
    await phase(page, 'live');
    await hears(page, 440, 880);
  });

  it('shows the end of a call and offers the next one, by one key', async () => {
    const first = await scene.ring();
    await scene.ring({ agentHz: 600, customerHz: 1_200 });
    const { page } = await come();
    // The younger one is offered first; the older one is chosen.
    await page
      .getByRole('button', { name: /^Hear it/ })
      .nth(1)
      .click();
    await hears(page, 440, 880);
    await first.end();
    await phase(page, 'ended');
    await page.getByTestId('next-call').waitFor();
    expect((await heard(page)).agent.level).to.equal(0);
    await page.keyboard.press('n');
    await phase(page, 'live');
    await hears(page, 600, 1_200);
  });

  it('listens and pauses by the space bar, and is quiet at once when one thinks better of it', async () => {
    await scene.ring();
    const { page } = await come();
    await page.getByTestId('listen').waitFor();
    await page.keyboard.press('Space');
    await phase(page, 'live');
    await hears(page, 440, 880);
    await page.keyboard.press('Space');
    await page.locator('[data-testid="live-state"][data-heard="paused"]').waitFor();
    await eventually(async () => expect((await heard(page)).agent.level).to.be.lessThan(0.001));
    await page.keyboard.press('s');
    await phase(page, 'idle');
    expect((await heard(page)).agent.level).to.equal(0);
    // Twice before the server has answered the first: nothing may come of it.
    await page.keyboard.press('Space');
    await page.keyboard.press('Space');
    await eventually(async () => {
      const { calls: live } = await scene.manager.calls.live('supermarket');
      expect(live.map(({ listeners }) => listeners)).to.deep.equal([0]);
      expect((await peerFigures(page)).inbound).to.equal(0);
    });
    await phase(page, 'idle');
  });

  it('begins with the call that was chosen elsewhere', async () => {
    const chosen = await scene.ring({ agentHz: 500, customerHz: 1_000 });
    await scene.ring();
    const { page } = await come({}, '/');
    await page
      .getByRole('link', { name: 'Listen' })
      .and(page.locator(`[href*="${chosen.callId}"]`))
      .click();
    await phase(page, 'live');
    await hears(page, 500, 1_000);
    expect(new URL(page.url()).search).to.equal('');
  });

  it('says so when the browser or the phone takes the sound away, and gives it back on a click', async () => {
    await scene.ring();
    const { page } = await come();
    await page.getByTestId('listen').click();
    await hears(page, 440, 880);
    await takeSoundAway(page);
    await page.getByText('Your browser holds the sound back.').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Turn the sound on' }).click();
    await page.getByText('Your browser holds the sound back.').waitFor({ state: 'detached' });
    await eventually(async () => {
      expect((await atTheEars(page, { agent: 440, customer: 880 })).left.agent).to.be.greaterThan(-40);
    });
  });

  it('names everybody who is in the room, and who listens', async () => {
    await scene.ring();
    const { page } = await come();
    await page.getByTestId('listen').click();
    await phase(page, 'live');
    const host = await come({ personaId: 'host' });
    const roster = page.getByRole('region', { name: 'In the room' }).getByRole('listitem');
    await roster.filter({ hasText: 'Xu Ran' }).filter({ hasText: 'Host' }).waitFor();
    await roster.filter({ hasText: 'Lin Yue' }).filter({ hasText: 'listening' }).waitFor();
    await page.getByRole('status').filter({ hasText: 'Xu Ran came into the room.' }).waitFor();
    await host.close();
    await roster.filter({ hasText: 'Xu Ran' }).waitFor({ state: 'detached' });
  });

  it('goes quiet in this window when the same person listens in another', async () => {
    await scene.ring();
    const first = await come();
    await first.page.getByTestId('listen').click();
    await hears(first.page, 440, 880);
    const second = await come();
    await second.page.getByTestId('listen').click();
    await hears(second.page, 440, 880);
    await first.page.getByText('You went on listening in another window').waitFor();
    expect((await heard(first.page)).agent.level).to.equal(0);
  });

  it('says why the door is shut, and opens it to those who only have to check in', async () => {
    const other = await PersonClient.signIn(scene.house.url, 'retail-executive');
    const { page } = await come({ personaId: 'retail-executive' });
    await page.getByText('You need a checked-in seat on this line to hear it.').waitFor();
    await expectAccessible(page);
    await other.seats.reserve({ id: scene.slotId });
    await page.reload();
    await page.getByRole('button', { name: 'Check in and enter' }).click();
    await page.getByTestId('listen').or(page.getByText('No call is live right now')).first().waitFor();
  });

  it('finds the line again by itself when the SFU worker dies', async () => {
    await scene.ring();
    const { page } = await come();
    await page.getByTestId('listen').click();
    await hears(page, 440, 880);
    const loadedAt = () => page.evaluate(() => performance.timeOrigin);
    const before = await loadedAt();
    const { media } = await scene.house.host.operations.overview();
    for (const { workerPid } of media) process.kill(workerPid, 'SIGKILL');
    await phase(page, 'recovering');
    await phase(page, 'live');
    await hears(page, 440, 880, 10_000);
    // Without a reload: it is still the same page.
    expect(await loadedAt()).to.equal(before);
    expect((await peerFigures(page)).made).to.equal(2);
  });

  describe('on a shaky network', () => {
    let network: ShakyNetwork;
    let page: Page;

    beforeEach(async () => {
      await scene.ring();
      const one = await scene.open();
      await rememberPeerConnections(one.context);
      network = await throughShakyNetwork(one.context);
      page = one.page;
      await page.goto(`/room/${scene.slotId}`);
      await page.getByTestId('listen').click();
      await hears(page, 440, 880);
    });
    afterEach(() => network.close());

    it('mends the path by an ICE restart where that is enough', async () => {
      network.cut();
      await page.locator('[data-testid="live-state"][data-phase="recovering"]').waitFor({ timeout: 20_000 });
      network.mend();
      await phase(page, 'live');
      await hears(page, 440, 880);
      expect((await peerFigures(page)).made).to.equal(1);
    });

    it('builds the path anew where it is not', async () => {
      network.cut();
      await page.locator('[data-testid="live-state"][data-phase="recovering"]').waitFor({ timeout: 20_000 });
      await eventually(async () => expect((await peerFigures(page)).made).to.be.greaterThan(1), {
        within: 10_000,
      });
      network.mend();
      await phase(page, 'live');
      await hears(page, 440, 880, 15_000);
    });
  });

  describe('is open to everybody (axe finds nothing)', () => {
    const looks: [string, VisitOptions][] = [
      ['at a desk in English', { language: 'en' }],
      ['on a phone in Chinese', { language: 'zh-CN', ...phone }],
    ];
    for (const [name, options] of looks) {
      it(name, async () => {
        const first = await scene.ring();
        await scene.ring();
        const { page } = await come(options);
        await page.getByTestId('listen').waitFor();
        await expectAccessible(page);
        await page.getByTestId('listen').click();
        await page.getByTestId('line-quality').waitFor();
        await expectAccessible(page);
        await page.getByTestId('leave').click();
        await page
          .getByRole('button', { name: /^(Hear it|听这通)/ })
          .nth(1)
          .click();
        await phase(page, 'live');
        await first.end();
        await phase(page, 'ended');
        await expectAccessible(page);
        const widest = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(widest).to.be.at.most(0);
      });
    }
  });
});
