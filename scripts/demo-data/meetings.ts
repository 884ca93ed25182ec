import { createHearingsStore } from '#domains/listening/hearings.store.ts';
import { createActionsStore } from '#domains/meetings/actions.store.ts';
import { createMeetingsStore } from '#domains/meetings/meetings.store.ts';
import {
  dayIn,
  ownersOf,
  type StoredAction,
  type StoredItem,
  type StoredMeeting,
} from '#domains/meetings/meetings.ts';
import { createRecordingsStore } from '#domains/recordings/recordings.store.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';
import { duplicateKeyFields, type MongoConnection } from '#kernel/mongo.ts';
import { company, companyZone } from './company.ts';
import { demoId } from './demo-ids.ts';
import { people } from './people.ts';
import { dayMs, dayStart, hourMs, localDay } from './slots.ts';
import { demoInstance } from './spool-call.ts';

const lineId = 'supermarket';
const organiserId = 'supermarket-manager';
const asked = ['mother-baby-owner', 'delivery-director', 'cx'];
/** What the meeting hears of each call. Milliseconds. */
const span = { fromMs: 4_000, toMs: 34_000 };

const notes = [
  '客服当场给换了码，但规则上没有这一条，全凭客服帮忙。\nThe agent swapped the size at once; no rule allows it.',
  '顾客问能不能提前换，系统里没有入口。\nThe customer asked to swap ahead; the page offers no way.',
];
const decisions = [
  {
    text: '拟定“90 天未拆封免费换码”的规则草案 / Draft the rule for a free size swap within 90 days',
    ownerId: 'mother-baby-owner',
    dueIn: 12,
    state: 'open',
  },
  {
    text: '核对换码的逆向物流成本 / Work out what the return trip of a swap costs',
    ownerId: 'delivery-director',
    dueIn: -1,
    state: 'open',
  },
  {
    text: '回访这两位顾客 / Call both customers back',
    ownerId: 'cx',
    dueIn: 2,
    state: 'done',
  },
] as const;

const whoOf = (personId: string) => {
  const found = people.find(({ id }) => id === personId);
  if (!found) throw new Error(`${personId} is none of the demo's people`);
  const { id, name, title } = found;
  return { id, name, title };
};

/**
 * A meeting that was held on the last working day about two calls of the supermarket line, with notes, actions and the
 * hearings that it made. Nothing while there are no two archived calls; what is there stays as it is.
 */
export async function seedMeeting(mongo: MongoConnection, now: number): Promise<void> {
  const meetings = createMeetingsStore(mongo);
  const actions = createActionsStore(mongo);
  const hearings = createHearingsStore(mongo);
  await Promise.all([meetings.ready(), actions.ready(), hearings.ready()]);
  if ((await meetings.of(organiserId)).length > 0) return;
  const { recordings } = await createRecordingsStore(mongo).page({ lineIds: [lineId], words: [] }, null, 40);
  // Held yesterday afternoon, about calls that were in the archive by then.
  const startsAt = dayStart(localDay(now) - 1) + 16 * hourMs;
  const usable = recordings.filter(
    ({ state, durationMs, callEndedAt }) =>
      state === 'archived' && (durationMs ?? 0) > span.toMs && (callEndedAt ?? now) < startsAt,
  );
  const about = usable.slice(0, notes.length);
  if (about.length < notes.length) return;

  const owners = ownersOf(company, [{ lineId }]);
  const meeting: StoredMeeting = {
    id: demoId('meet', startsAt, 'held'),
    title: '纸尿裤穿小了怎么办 / Nappies outgrown: what can we do?',
    startsAt,
    endsAt: startsAt + hourMs,
    zone: companyZone,
    place: '8 号会议室 / Room 8',
    state: 'held',
    organiser: whoOf(organiserId),
    invitees: asked.map((id) => ({ ...whoOf(id), owns: owners.get(id) ?? [] })),
    dropped: [],
    agenda: about.map((recording, index) => itemOf(recording, notes[index] ?? '')),
    ...{
      sequence: 0,
      toAnnounce: false,
      revision: 2,
      createdAt: startsAt - hourMs,
      updatedAt: startsAt + hourMs,
    },
    ...{ heldAt: startsAt + hourMs, idempotencyKey: 'demo-meeting', requestHash: 'demo-data' },
  };
  if (!(await meetings.insert(meeting))) return;
  for (const [index, decision] of decisions.entries()) {
    await actions.insert(actionOf(meeting, decision, index));
  }
  for (const [index, recording] of about.entries()) {
    for (const personId of [organiserId, ...asked]) {
      const from = startsAt + (5 + index * 15) * 60_000;
      const to = from + span.toMs - span.fromMs;
      const { id, name, title } = whoOf(personId);
      await hearings
        .insert({
          id: demoId('hear', from, `meeting ${recording.id} ${id}`),
          ...{ personId: id, personName: name, personTitle: title },
          ...{ callId: recording.callId, recordingId: recording.id, agentId: recording.agentId, lineId },
          ...{ slotId: null, live: false, way: 'meeting', wayId: meeting.id, reason: null },
          ...{ startedAt: from, endedAt: to, packets: 0, lastPacketAt: null, heard: [{ from, to }] },
          instanceId: demoInstance,
        })
        .catch((error: unknown) => {
          if (!duplicateKeyFields(error)) throw error;
        });
    }
  }
}

function itemOf(
  { id, callId, startedAt, facts, thumbnail, durationMs }: StoredRecording,
  note: string,
): StoredItem {
  const scenario = company.scenarios.find((one) => one.id === facts.scenarioId)?.name;
  const part = (lane: readonly number[]) => {
    const perMs = lane.length / (durationMs ?? 1);
    return lane.slice(Math.floor(span.fromMs * perMs), Math.ceil(span.toMs * perMs));
  };
  return {
    id: demoId('item', startedAt, id),
    ...{ recordingId: id, callId, lineId, clipId: null, bookmarkId: null, ...span },
    title: [scenario?.zh, scenario?.en].filter(Boolean).join(' / ') || '—',
    callStartedAt: startedAt,
    picture: thumbnail && { agent: part(thumbnail.agent), customer: part(thumbnail.customer) },
    ...{ note, noteRevision: 1, gone: false },
  };
}

function actionOf(
  { id, title, zone, startsAt, agenda }: StoredMeeting,
  { text, ownerId, dueIn, state }: (typeof decisions)[number],
  index: number,
): StoredAction {
  const { title: _, ...owner } = whoOf(ownerId);
  const { title: __, ...decidedBy } = whoOf(organiserId);
  const decidedAt = startsAt + 50 * 60_000;
  return {
    id: demoId('act', decidedAt, `${id} ${index}`),
    ...{ meetingId: id, meetingTitle: title, zone, itemId: agenda[0]?.id ?? null, text, owner, state },
    dueOn: dayIn(startsAt + dueIn * dayMs, zone),
    ...{ decidedAt, decidedBy, closedAt: state === 'done' ? decidedAt + 2 * hourMs : null, revision: 1 },
    ...{ idempotencyKey: `demo-action-${index}`, requestHash: 'demo-data' },
  };
}
