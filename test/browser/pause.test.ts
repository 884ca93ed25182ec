import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { expectAccessible } from './support/accessibility.ts';
import { type House, raiseHouse, type TonesOnCall } from './support/house.ts';
import { cutOffWords, englishLeftovers, sidewaysScroll } from './support/inspect.ts';
import { heard } from './support/sound.ts';
import { phone, type Visit, type VisitOptions, visit } from './support/visit.ts';

describe('Pausing a telephone call', function () {
  this.timeout(60_000);
  let house: House;
  let manager: PersonClient;
  let slotId: string;
  let call: TonesOnCall;
  let agent: Visit;
  let listener: Visit;
  const visits: Visit[] = [];

  const come = async (options: VisitOptions, path: string): Promise<Visit> => {
    const one = await visit(house.url, options);
    visits.push(one);
    await one.page.goto(path);
    return one;
  };
  const control = (page: Page, paused: boolean) =>
    page.locator(`[data-testid="pause-control"][data-paused="${paused}"]`).waitFor();
  const room = (page: Page, paused: boolean) =>
    page.locator(`[data-testid="live-state"][data-phase="live"][data-paused="${paused}"]`).waitFor();

  before(async function () {
    this.timeout(180_000);
    house = await raiseHouse();
    slotId = await house.planRunningSlot('supermarket');
    manager = await PersonClient.signIn(house.url, 'supermarket-manager');
    await manager.seats.checkIn(await manager.seats.reserve({ id: slotId }));
    call = await house.call({ lineId: 'supermarket', seconds: 120 });
    await eventually(async () => expect((await manager.calls.live()).calls).to.have.length(1));
    agent = await come({ personaId: 'agent-1' }, '/desk');
    listener = await come({ personaId: 'supermarket-manager' }, `/room/${slotId}`);
    await listener.page.getByTestId('listen').click();
  });
  after(async () => {
    await Promise.all(visits.map((one) => one.close()));
    await house?.stop();
  });
  afterEach(() => {
    expect(visits.flatMap(({ problems }) => problems)).to.deep.equal([]);
  });

  it('is one click at the agent’s desk; the listener hears nothing and is told why', async () => {
    await room(listener.page, false);
    await eventually(async () => {
      const voices = await heard(listener.page);
      expect(voices.agent.hz).to.be.closeTo(440, 8);
      expect(voices.customer.hz).to.be.closeTo(880, 8);
    });
    await control(agent.page, false);
    await agent.page.getByText(/1 person listens/).waitFor();
    await agent.page.getByRole('button', { name: 'Pause for card details' }).click();

    await control(agent.page, true);
    await agent.page.getByText('Nobody listens and nothing is recorded.').first().waitFor();
    await room(listener.page, true);
    await listener.page.getByText('Paused by the agent').waitFor();
    await eventually(async () => {
      const voices = await heard(listener.page);
      expect([voices.agent.hz, voices.customer.hz]).to.deep.equal([0, 0]);
    });
    // No meter that rests, and no word of a bad line.
    for (const side of ['agent', 'customer']) {
      expect(await listener.page.getByTestId(`voice-${side}`).getAttribute('data-on')).to.equal('false');
      await listener.page.getByTestId(`voice-${side}`).getByText('paused').waitFor();
    }
    expect(await listener.page.getByTestId('line-quality').count()).to.equal(0);
    await Promise.all([expectAccessible(agent.page), expectAccessible(listener.page)]);
  });

  it('says so to who comes in the meantime, in either language and on a phone', async () => {
    const others = await Promise.all([
      come({ personaId: 'host', language: 'zh-CN', width: phone.width }, `/room/${slotId}`),
      come({ personaId: 'agent-1', language: 'zh-CN', width: phone.width }, '/desk'),
    ]);
    const [{ page: late }, { page: desk }] = others;
    await late.getByTestId('listen').click();
    await room(late, true);
    await late.getByText('客服已暂停收听').waitFor();
    await control(desk, true);
    for (const page of [late, desk]) {
      expect(await sidewaysScroll(page)).to.equal(0);
      expect(await cutOffWords(page)).to.deep.equal([]);
      expect(await englishLeftovers(page)).to.deep.equal([]);
      await expectAccessible(page);
    }
    await Promise.all(others.map((one) => one.close()));
  });

  it('is taken back by the same button, and the voices are there again', async () => {
    await agent.page.getByRole('button', { name: 'Let them hear again' }).click();
    await control(agent.page, false);
    await room(listener.page, false);
    await eventually(async () => {
      const voices = await heard(listener.page);
      expect(voices.agent.hz).to.be.closeTo(440, 8);
      expect(voices.customer.hz).to.be.closeTo(880, 8);
    });
  });

  it('follows when the telephony side pauses, and stands in the replay as a pause', async () => {
    await house.telephony.pause(call.callId);
    await control(agent.page, true);
    await listener.page.getByText('Paused by the telephone system').waitFor();
    await house.telephony.resume(call.callId);
    await control(agent.page, false);
    await call.end();
    await agent.page.getByTestId('own-live-call').waitFor({ state: 'detached' });

    const id = await eventually(
      async () => {
        const [recording] = (await manager.recordings.list()).recordings;
        expect(recording?.state).to.equal('archived');
        return recording!.id;
      },
      { within: 20_000, every: 200 },
    );
    await listener.page.goto(`/recordings/${id}`);
    await listener.page.getByText(/Crossed: paused for privacy/).waitFor();
    await expectAccessible(listener.page);
  });
});
