import type { BodyOf } from '#contract/endpoint.ts';
import type { Person } from '#contract/identity.ts';
import type { Action, meetingsEndpoints } from '#contract/meetings.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import type { ActionsStore } from './actions.store.ts';
import {
  assertOpen,
  hashOf,
  isOverdue,
  type StoredAction,
  type StoredMeeting,
  sameRequest,
} from './meetings.ts';

export interface ActionsDependencies {
  readonly store: ActionsStore;
  readonly person: (personId: string) => Promise<Person | null>;
  /** Whether this person runs the meeting. */
  readonly runs: (person: Person, meetingId: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long what is done or dropped stays on its owner's list. Milliseconds. */
const closedShownMs = 30 * 24 * 3_600_000;

export type ActionsService = ReturnType<typeof createActionsService>;

/** What meetings decided: who does what until when, and whether it was done. */
export function createActionsService(deps: ActionsDependencies) {
  const { store, clock, log } = deps;

  function shown(action: StoredAction): Action {
    const { id, meetingId, meetingTitle, itemId, text, owner, dueOn, state } = action;
    const { decidedAt, decidedBy, closedAt, revision } = action;
    return {
      ...{ id, meetingId, meetingTitle, itemId, text, owner, dueOn, state },
      ...{ decidedAt, decidedBy, closedAt, revision },
      overdue: isOverdue(action, clock()),
    };
  }

  async function ownerOf(personId: string): Promise<StoredAction['owner']> {
    const owner = await deps.person(personId);
    if (!owner) throw new AppError('not-found', 'There is no such person.', { details: { personId } });
    return { id: owner.id, name: owner.name };
  }

  return {
    ofMeeting: async (meetingId: string): Promise<Action[]> =>
      (await store.ofMeetings([meetingId])).map(shown),

    ofMeetings: async (meetingIds: readonly string[]): Promise<Action[]> =>
      (await store.ofMeetings(meetingIds)).map(shown),

    /** Open actions by meeting; those without any are left out. */
    async openCounts(meetingIds: readonly string[]): Promise<Map<string, number>> {
      const counts = new Map<string, number>();
      for (const { meetingId, state } of await store.ofMeetings(meetingIds)) {
        if (state === 'open') counts.set(meetingId, (counts.get(meetingId) ?? 0) + 1);
      }
      return counts;
    },

    /** Those that these people were given within the window. */
    givenTo: async (personIds: readonly string[], from: number, to: number): Promise<Action[]> =>
      (await store.between(personIds, from, to)).map(shown),

    /** In a meeting that the person is in. Errors: those of the contract. */
    async decide(
      person: Person,
      meeting: StoredMeeting,
      { idempotencyKey, ...request }: BodyOf<typeof meetingsEndpoints.decide>,
    ): Promise<Action> {
      assertOpen(meeting, ['planned', 'held']);
      const { itemId, text, ownerId, dueOn } = request;
      if (itemId !== null && !meeting.agenda.some(({ id }) => id === itemId)) {
        throw new AppError('not-found', 'There is no such item on the agenda.');
      }
      const requestHash = hashOf([meeting.id, itemId, text, ownerId, dueOn]);
      const before = await store.byKey(person.id, idempotencyKey);
      if (before) return shown(sameRequest(before, requestHash));
      const now = clock();
      const action: StoredAction = {
        ...{ id: newId('act', now), meetingId: meeting.id, meetingTitle: meeting.title, zone: meeting.zone },
        ...{ itemId, text, dueOn, owner: await ownerOf(ownerId), state: 'open' as const },
        ...{ decidedAt: now, decidedBy: { id: person.id, name: person.name }, closedAt: null, revision: 1 },
        ...{ idempotencyKey, requestHash },
      };
      if (!(await store.insert(action))) {
        const twin = await store.byKey(person.id, idempotencyKey);
        if (!twin) throw new AppError('internal', 'Something went wrong on our side. Please try again.');
        return shown(sameRequest(twin, requestHash));
      }
      log.info({ actionId: action.id, meetingId: meeting.id }, 'action decided');
      return shown(action);
    },

    mine: async (person: Person): Promise<{ actions: Action[] }> => {
      const actions = (await store.ofOwner(person.id, clock() - closedShownMs)).map(shown);
      const open = actions.filter(({ state }) => state === 'open');
      const closed = actions.filter(({ state }) => state !== 'open');
      closed.sort((a, b) => (b.closedAt ?? 0) - (a.closedAt ?? 0));
      return { actions: [...open, ...closed] };
    },

    /** Its owner may, and whoever runs the meeting. Errors: those of the contract. */
    async change(
      person: Person,
      id: string,
      { revision, state, dueOn, ownerId }: BodyOf<typeof meetingsEndpoints.changeAction>,
    ): Promise<Action> {
      const action = await store.byId(id);
      const leads = action !== null && (await deps.runs(person, action.meetingId));
      if (!action || (action.owner.id !== person.id && !leads)) {
        throw new AppError('not-found', 'There is no such action of yours.');
      }
      if (!leads && (dueOn !== undefined || ownerId !== undefined)) {
        throw new AppError(
          'ability.denied',
          'Only who runs the meeting moves its actions to others or to another day.',
        );
      }
      const changed = await store.change(id, revision, {
        ...(state !== undefined && { state, closedAt: state === 'open' ? null : clock() }),
        ...(dueOn !== undefined && { dueOn }),
        ...(ownerId !== undefined && { owner: await ownerOf(ownerId) }),
      });
      if (!changed) throw new AppError('meeting.changed', 'Somebody else has changed this action meanwhile.');
      return shown(changed);
    },
  };
}
