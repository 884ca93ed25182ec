import type { Decision } from '#contract/decisions.ts';
import type { Person } from '#contract/identity.ts';
import type { ActionsService } from './actions.service.ts';
import type { MomentRecordings } from './meetings.ports.ts';
import { isPresent } from './meetings.service.ts';
import type { MeetingsStore } from './meetings.store.ts';

export interface DecisionsDependencies {
  readonly store: Pick<MeetingsStore, 'ofRecording'>;
  readonly actions: Pick<ActionsService, 'ofMeetings'>;
  readonly recordings: Pick<MomentRecordings, 'find'>;
}

export type DecisionsService = ReturnType<typeof createDecisions>;

/** The way back: from a call, and from each clip of it, to what was decided about it. */
export function createDecisions({ store, actions, recordings }: DecisionsDependencies) {
  return {
    /** In meetings that the person is in, or looks after; by moment. Errors: those of the contract. */
    async ofRecording(person: Person, recordingId: string): Promise<{ decisions: Decision[] }> {
      await recordings.find(person, recordingId);
      const meetings = (await store.ofRecording(recordingId)).filter((one) => isPresent(person, one));
      const decided = await actions.ofMeetings(meetings.map(({ id }) => id));
      const decisions = meetings.flatMap(({ id: meetingId, title: meetingTitle, startsAt, state, agenda }) =>
        agenda
          .filter((item) => item.recordingId === recordingId && !item.gone)
          .map(({ id: itemId, clipId, fromMs, toMs }) => ({
            ...{ meetingId, meetingTitle, startsAt, state, itemId, clipId, fromMs, toMs },
            actions: decided.filter((one) => one.meetingId === meetingId && one.itemId === itemId),
          })),
      );
      return { decisions: decisions.sort((a, b) => a.fromMs - b.fromMs || a.startsAt - b.startsAt) };
    },
  };
}
