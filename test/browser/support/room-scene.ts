import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { type CallOptions, type House, raiseHouse, type TonesOnCall } from './house.ts';
import { type Visit, type VisitOptions, visit } from './visit.ts';

export interface RoomScene {
  readonly house: House;
  /** A slot on the supermarket line that runs. */
  readonly slotId: string;
  /** Has a seat in it, and is checked in. */
  readonly manager: PersonClient;
  /** Opens a browser of the manager's, or of whoever is named, at the house or at another server of it. */
  open(options?: VisitOptions, url?: string): Promise<Visit>;
  /** A call on the supermarket line that is live, of two minutes unless told. */
  ring(options?: Partial<CallOptions>): Promise<TonesOnCall>;
}

/**
 * The house with a manager seated in a room that runs, for the `describe` that this is called in: its fields are there
 * from its own `before` on. After each test browsers are closed and calls are over, and the test fails if a page had
 * anything to complain of.
 */
export function roomScene(env: NodeJS.ProcessEnv = {}): RoomScene {
  let house: House;
  let slotId: string;
  let manager: PersonClient;
  const visits: Visit[] = [];
  const calls: TonesOnCall[] = [];

  before('raise the house', async function () {
    this.timeout(180_000);
    house = await raiseHouse(env);
    slotId = await house.planRunningSlot('supermarket');
    manager = await PersonClient.signIn(house.url, 'supermarket-manager');
    await manager.seats.checkIn(await manager.seats.reserve({ id: slotId }));
  });
  afterEach('see everybody out', async () => {
    const [left, over] = [visits.splice(0), calls.splice(0)];
    await Promise.all(left.map((one) => one.close()));
    await Promise.all(over.map((call) => call.end()));
    expect(left.flatMap(({ problems }) => problems)).to.deep.equal([]);
  });
  after('take the house down', () => house?.stop());

  return {
    get house() {
      return house;
    },
    get slotId() {
      return slotId;
    },
    get manager() {
      return manager;
    },
    async open(options = {}, url = house.url) {
      const one = await visit(url, { personaId: 'supermarket-manager', ...options });
      visits.push(one);
      return one;
    },
    async ring(options = {}) {
      const call = await house.call({ lineId: 'supermarket', seconds: 120, ...options });
      calls.push(call);
      // It can be heard from its first packet.
      await eventually(async () => {
        const { calls: live } = await manager.calls.live('supermarket');
        expect(live.map(({ id }) => id)).to.include(call.callId);
      });
      return call;
    },
  };
}

/** Until the live room says that it is so: `idle`, `waiting`, `live` and so on. */
export const phase = (page: Page, name: string) =>
  page.locator(`[data-testid="live-state"][data-phase="${name}"]`).waitFor();
