import type { Call } from '#contract/calls.ts';
import type { Person } from '#contract/identity.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import type { Clock } from '#kernel/clock.ts';
import { newId } from '#kernel/ids.ts';
import type { HearingsStore } from './hearings.store.ts';

export interface HeardBy {
  readonly name: LocalText;
  readonly title: LocalText;
  readonly at: number;
  readonly live: boolean;
}

/** How far back an agent's own list goes. Milliseconds. */
const agentListMs = 24 * 3_600_000;

export type HearingsService = ReturnType<typeof createHearingsService>;

/** Who heard what: written before anything is heard, shown to agents and beside every recording. */
export function createHearingsService(deps: {
  store: HearingsStore;
  calls: CallsService;
  instanceId: string;
  clock: Clock;
}) {
  const { store, calls, clock } = deps;

  async function heardBy(callIds: readonly string[]): Promise<Map<string, HeardBy[]>> {
    const byCall = new Map<string, HeardBy[]>();
    for (const hearing of await store.ofCalls(callIds)) {
      // A live listening that never carried a packet was not a hearing.
      if (hearing.live && hearing.packets === 0 && hearing.endedAt !== null) continue;
      const list = byCall.get(hearing.callId) ?? [];
      const sameAgain = list.some(
        (known) =>
          known.live === hearing.live &&
          known.name.en === hearing.personName.en &&
          known.at - hearing.startedAt < 600_000,
      );
      if (!sameAgain) {
        list.push({
          name: hearing.personName,
          title: hearing.personTitle,
          at: hearing.startedAt,
          live: hearing.live,
        });
      }
      byCall.set(hearing.callId, list);
    }
    return byCall;
  }

  return {
    heardBy: async (callId: string): Promise<HeardBy[]> => (await heardBy([callId])).get(callId) ?? [],

    /** Replay of an archived call is about to be made possible. */
    async recordReplay(
      person: Person,
      recording: { id: string; callId: string; lineId: string; agentId: string | null },
    ): Promise<void> {
      const now = clock();
      await store.insert({
        id: newId('hear', now),
        personId: person.id,
        personName: person.name,
        personTitle: person.title,
        callId: recording.callId,
        recordingId: recording.id,
        agentId: recording.agentId,
        lineId: recording.lineId,
        slotId: null,
        live: false,
        startedAt: now,
        endedAt: now,
        packets: 0,
        instanceId: deps.instanceId,
      });
    },

    /** The agent's own calls of the last day, the ones that are not over first, each with who heard it. */
    async agentCalls(agentId: string): Promise<(Call & { heardBy: HeardBy[] })[]> {
      const own = await calls.ofAgentSince(agentId, clock() - agentListMs);
      const heard = await heardBy(own.map((call) => call.id));
      return own
        .map((call) => ({ ...calls.present(call), heardBy: heard.get(call.id) ?? [] }))
        .sort((a, b) => Number(a.state === 'ended') - Number(b.state === 'ended') || b.openedAt - a.openedAt);
    },
  };
}
