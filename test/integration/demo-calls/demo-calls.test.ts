import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { childEnv } from '#support/child-env.ts';
import { eventually } from '#support/eventually.ts';
import { TelephonyDoor } from './telephony-door.ts';

const program = fileURLToPath(import.meta.resolve('#scripts/demo-calls/main.ts'));
const key = 'a-key-for-the-telephony-side';

describe('the demo calls', () => {
  let door: TelephonyDoor;
  let apiUrl: string;
  let generator: ChildProcess | undefined;

  const start = (env: Record<string, string>): ChildProcess => {
    generator = spawn(process.execPath, [program], {
      env: { ...childEnv(), LOG_LEVEL: 'warn', ...env },
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    return generator;
  };

  beforeEach(async () => {
    door = new TelephonyDoor(key, 10_000 + (process.pid % 90) * 100);
    apiUrl = await door.listen();
  });

  afterEach(async () => {
    if (generator && generator.exitCode === null && generator.signalCode === null) {
      generator.kill('SIGKILL');
      await once(generator, 'exit');
    }
    generator = undefined;
    await door.close();
  });

  it('speak on several lines at once, come back after a restart of the server, and end in order', async function () {
    this.timeout(120_000);
    start({ API_URL: apiUrl, TELEPHONY_API_KEY: key, DEMO_CALLS: '3' });
    await eventually(() => door.calls.length === 3, { within: 40_000, every: 100 });
    expect(door.calls.map(({ request }) => request.lineId).sort()).to.deep.equal([
      'appliance-installation',
      'electronics',
      'supermarket',
    ]);
    expect(
      new Set(door.calls.flatMap(({ request }) => request.legs.map(({ codec }) => codec))),
    ).to.deep.equal(new Set(['PCMU', 'PCMA', 'opus']));
    const first = [...door.calls];
    await eventually(() => first.every(({ legs }) => legs.every((leg) => leg.stats().forwarded > 100)), {
      within: 20_000,
    });
    for (const { legs, request } of first) {
      expect(legs).to.have.length(2);
      expect(request.facts?.product?.zh).to.be.a('string');
      for (const leg of legs) {
        const { lost, refused, late, restarts, timestampJumps } = leg.stats();
        expect({ lost, refused, late, restarts, timestampJumps }).to.deep.equal({
          lost: 0,
          refused: 0,
          late: 0,
          restarts: 0,
          timestampJumps: 0,
        });
      }
    }

    await door.forget();
    await eventually(() => door.calls.filter(({ state }) => state === 'live').length === 3, {
      within: 30_000,
      every: 100,
    });
    expect(door.calls).to.have.length(6);

    generator!.kill('SIGTERM');
    const [code] = await once(generator!, 'exit');
    expect(code).to.equal(0);
    expect(door.calls.filter(({ state }) => state === 'ended')).to.have.length(3);
    expect(door.calls.filter(({ state }) => state === 'live')).to.have.length(0);
    expect(door.faults).to.deep.equal([]);
  });

  it('wait for a server that is not there yet', async function () {
    this.timeout(60_000);
    door.away = true;
    start({ API_URL: apiUrl, TELEPHONY_API_KEY: key, DEMO_CALLS: '1', LOG_LEVEL: 'silent' });
    await eventually(() => door.turnedAway >= 2, { within: 40_000, every: 100 });
    expect(door.calls).to.have.length(0);
    door.away = false;
    await eventually(() => door.calls.length === 1, { within: 40_000, every: 100 });
  });

  it('say in one message what is missing to start', async () => {
    const child = start({ API_URL: 'nowhere', DEMO_CALLS: '0' });
    let said = '';
    child.stderr!.on('data', (part) => {
      said += part;
    });
    const [code] = await once(child, 'close');
    expect(code).to.equal(64);
    expect(said).to.contain('API_URL').and.to.contain('TELEPHONY_API_KEY').and.to.contain('DEMO_CALLS');
  });
});
