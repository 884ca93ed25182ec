import { may } from '#contract/abilities.ts';
import type { Person } from '#contract/identity.ts';
import { lineProbeMs, lineProbesAtOnce, lineProbesWithinMs } from '#contract/line-probe.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import type { ProbeMedia } from './line-probe.ports.ts';
import { heardLater } from './listening.ts';

interface Probe {
  readonly id: string;
  readonly personId: string;
  readonly socketId: string;
}

export type LineProbes = ReturnType<typeof createLineProbes>;

/** Probes of the way to the live plane. Who may hear calls live may see whether their sound would get there. */
export function createLineProbes(deps: { readonly media: ProbeMedia; readonly clock: Clock }) {
  const { media, clock } = deps;
  /** One a socket. */
  const probes = new Map<string, Probe>();
  /** When each person began theirs lately, UTC ms. */
  const begun = new Map<string, number[]>();

  function own(person: Person, probeId: string): Probe {
    const probe = [...probes.values()].find(({ id }) => id === probeId);
    if (!probe || probe.personId !== person.id) {
      throw new AppError('listening.unknown', 'This line check is over. Please try again.');
    }
    return probe;
  }

  function countOf(person: Person): void {
    const now = clock();
    for (const [personId, times] of begun) {
      const lately = times.filter((at) => now - at < lineProbesWithinMs);
      if (lately.length === 0) begun.delete(personId);
      else begun.set(personId, lately);
    }
    const lately = begun.get(person.id) ?? [];
    if (lately.length >= lineProbesAtOnce) {
      throw new AppError('rate.limited', 'The line was checked often just now. Please wait a minute.');
    }
    begun.set(person.id, [...lately, now]);
  }

  function drop(socketId: string): void {
    const probe = probes.get(socketId);
    if (!probe) return;
    probes.delete(socketId);
    media.end(probe.id);
  }

  return {
    /**
     * Errors: `ability.denied` to those who never listen, `listening.delayed` to those who never hear live,
     * `rate.limited`, those of the media.
     */
    async begin(person: Person, rtpCapabilities: Record<string, unknown>, socketId: string) {
      const decision = may(person, 'calls.listen');
      if (!decision.allowed) throw new AppError(decision.reason, 'Only listeners have a line to check.');
      if (person.ear === 'delayed') throw heardLater();
      countOf(person);
      drop(socketId);
      const probe = { id: newId('probe', clock()), personId: person.id, socketId };
      probes.set(socketId, probe);
      try {
        const offer = await media.open({ probeId: probe.id, rtpCapabilities, forMs: lineProbeMs });
        // Gone, or begun anew, while it was opened.
        if (probes.get(socketId) !== probe) media.end(probe.id);
        return { probeId: probe.id, ...offer };
      } catch (error) {
        if (probes.get(socketId) === probe) probes.delete(socketId);
        throw error;
      }
    },

    connect: (person: Person, probeId: string, dtlsParameters: Record<string, unknown>): Promise<void> =>
      media.connect(own(person, probeId).id, dtlsParameters),

    resume: (person: Person, probeId: string): Promise<void> => media.resume(own(person, probeId).id),

    end(person: Person, probeId: string): void {
      for (const probe of probes.values()) {
        if (probe.id === probeId && probe.personId === person.id) drop(probe.socketId);
      }
    },

    gone: drop,
  };
}
