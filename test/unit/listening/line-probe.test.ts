import { expect } from 'chai';
import type { Person } from '#contract/identity.ts';
import { lineProbesAtOnce, lineProbesWithinMs } from '#contract/line-probe.ts';
import type { ProbeMedia } from '#domains/listening/line-probe.ports.ts';
import { createLineProbes } from '#domains/listening/line-probe.service.ts';
import { AppError } from '#kernel/errors.ts';

const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'accepted',
    (error: { code?: unknown }) => error.code ?? error,
  );

const person = (id: string, of: Partial<Person> = {}): Person =>
  ({ id, role: 'listener', ear: 'live', lineIds: ['supermarket'], ...of }) as Person;

/** The live plane as far as a probe sees it. */
function house() {
  const open = new Set<string>();
  let fault: AppError | null = null;
  let hold: Promise<void> = Promise.resolve();
  let now = 1_000_000;
  const media: ProbeMedia = {
    async open({ probeId }) {
      await hold;
      if (fault) throw fault;
      open.add(probeId);
      return {
        transport: { id: 't', iceParameters: {}, iceCandidates: [], dtlsParameters: {}, iceServers: [] },
        consumer: { id: 'c', producerId: 'p', kind: 'audio', rtpParameters: {} },
        gate: { address: '192.0.2.1', ports: [40_000] },
      };
    },
    connect: async () => undefined,
    resume: async () => undefined,
    end: (probeId) => void open.delete(probeId),
  };
  return {
    open,
    probes: createLineProbes({ media, clock: () => now }),
    later: (ms: number) => {
      now += ms;
    },
    fail: (error: AppError | null) => {
      fault = error;
    },
    holdOpening: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      hold = promise;
      return resolve;
    },
  };
}

describe('who may try the way to the live plane', () => {
  it('is whoever hears calls live: no agent, and nobody who hears them later', async () => {
    const { probes } = house();
    expect(await codeOf(probes.begin(person('one'), {}, 's'))).to.equal('accepted');
    expect(await codeOf(probes.begin(person('agent', { role: 'agent' }), {}, 's'))).to.equal(
      'ability.denied',
    );
    expect(await codeOf(probes.begin(person('guest', { ear: 'delayed' }), {}, 's'))).to.equal(
      'listening.delayed',
    );
  });

  it('has one probe a window: another one ends the one before', async () => {
    const { probes, open } = house();
    const first = await probes.begin(person('one'), {}, 's');
    const second = await probes.begin(person('one'), {}, 's');
    expect([...open]).to.deep.equal([second.probeId]);
    expect(() => probes.resume(person('one'), first.probeId)).to.throw(AppError);
    expect(() => probes.resume(person('two'), second.probeId)).to.throw(AppError);
    probes.end(person('two'), second.probeId);
    expect([...open], 'not ended by another person').to.deep.equal([second.probeId]);
    probes.end(person('one'), second.probeId);
    expect([...open]).to.deep.equal([]);
  });

  it('leaves nothing open for a window that is gone, also when it went while the probe was opened', async () => {
    const { probes, open, holdOpening } = house();
    await probes.begin(person('one'), {}, 's');
    probes.gone('s');
    expect([...open]).to.deep.equal([]);
    const goOn = holdOpening();
    const begun = probes.begin(person('one'), {}, 's');
    probes.gone('s');
    goOn();
    await begun;
    expect([...open]).to.deep.equal([]);
  });

  it('is asked to wait after a handful in a minute, each for themselves', async () => {
    const { probes, later } = house();
    for (let count = 0; count < lineProbesAtOnce; count++) await probes.begin(person('one'), {}, `s${count}`);
    expect(await codeOf(probes.begin(person('one'), {}, 's'))).to.equal('rate.limited');
    expect(await codeOf(probes.begin(person('two'), {}, 's'))).to.equal('accepted');
    later(lineProbesWithinMs);
    expect(await codeOf(probes.begin(person('one'), {}, 's'))).to.equal('accepted');
  });

  it('hears why it could not be opened, and may try again', async () => {
    const { probes, fail } = house();
    fail(new AppError('media.full', 'Full.'));
    expect(await codeOf(probes.begin(person('one'), {}, 's'))).to.equal('media.full');
    fail(null);
    expect(await codeOf(probes.begin(person('one'), {}, 's'))).to.equal('accepted');
  });
});
