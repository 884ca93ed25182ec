import { type Connection, Schema } from 'mongoose';
import { mixed, number, rowsOf, text, type Where } from '#kernel/rows.ts';
import type { StoredMeeting } from './meetings.ts';

const schema = new Schema(
  {
    _id: text,
    title: text,
    startsAt: number,
    endsAt: number,
    zone: text,
    place: { type: String, default: '' },
    state: text,
    organiser: { type: mixed, required: true },
    invitees: { type: [mixed], required: true },
    dropped: { type: [mixed], default: [] },
    agenda: { type: [mixed], required: true },
    sequence: number,
    toAnnounce: { type: Boolean, required: true },
    revision: number,
    createdAt: number,
    updatedAt: number,
    heldAt: { type: Number, default: null },
    idempotencyKey: text,
    requestHash: text,
  },
  { versionKey: false, minimize: false },
);
schema.index({ 'organiser.id': 1, idempotencyKey: 1 }, { unique: true, name: 'one-meeting-per-key' });
schema.index({ 'invitees.id': 1, startsAt: -1 });
schema.index({ 'organiser.id': 1, startsAt: -1 });
schema.index({ startsAt: -1 });
schema.index({ toAnnounce: 1 });
schema.index({ 'agenda.recordingId': 1 });

/** More than these nobody looks through at once. */
const most = 300;

export type MeetingsStore = ReturnType<typeof createMeetingsStore>;

export function createMeetingsStore(connection: Connection) {
  const model = connection.model('Meeting', schema, 'meetings');
  const rows = rowsOf<StoredMeeting>(model);
  const latest = (where: Where<StoredMeeting>) => rows.many(where, { sort: { startsAt: -1 }, limit: most });

  return {
    ready: () => model.createIndexes(),

    /** False when the organiser's key was used before. */
    insert: rows.insert,

    byId: rows.byId,
    byIds: (ids: readonly string[]) => latest({ _id: { $in: [...ids] } }),
    byKey: (organiserId: string, idempotencyKey: string) =>
      rows.one({ 'organiser.id': organiserId, idempotencyKey }),
    /** The latest first; null: everybody's. */
    of: (personId: string | null) =>
      latest(personId === null ? {} : { $or: [{ 'organiser.id': personId }, { 'invitees.id': personId }] }),
    toAnnounce: () => latest({ toAnnounce: true }),
    ofRecording: (recordingId: string) => latest({ 'agenda.recordingId': recordingId }),

    /** Writes it if it still has this revision; null when it has not. */
    change: (
      id: string,
      revision: number,
      set: Partial<Omit<StoredMeeting, 'id' | 'revision' | 'agenda'>> & {
        readonly agenda?: StoredMeeting['agenda'];
      },
    ) => rows.change({ _id: id, revision }, { $set: { ...set, revision: revision + 1 } }),

    /** What was to be announced at this revision is in the outbox. */
    async announced(id: string, revision: number): Promise<void> {
      await model.updateOne({ _id: id, revision }, { $set: { toAnnounce: false } }).exec();
    },

    /** Writes an item's note if it still has this revision; null when it has not. Whoever changes the rest meanwhile is told. */
    note: (id: string, itemId: string, noteRevision: number, note: string, now: number) =>
      rows.change(
        { _id: id, agenda: { $elemMatch: { id: itemId, noteRevision } } },
        {
          $set: { 'agenda.$.note': note, 'agenda.$.noteRevision': noteRevision + 1, updatedAt: now },
          $inc: { revision: 1 },
        },
      ),
  };
}
