import { type Connection, Schema } from 'mongoose';
import { duplicateKeyFields } from '#kernel/mongo.ts';
import type { StoredMeeting } from './meetings.ts';

type Row = Omit<StoredMeeting, 'id'> & { _id: string };

const text = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;
const mixed = Schema.Types.Mixed;

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

const present = ({ _id, ...rest }: Row): StoredMeeting => ({ id: _id, ...rest });
/** More than these nobody looks through at once. */
const most = 300;

export type MeetingsStore = ReturnType<typeof createMeetingsStore>;

export function createMeetingsStore(connection: Connection) {
  const model = connection.model('Meeting', schema, 'meetings');
  const many = async (filter: Record<string, unknown>): Promise<StoredMeeting[]> => {
    const rows = await model.find(filter).sort({ startsAt: -1 }).limit(most).lean().exec();
    return (rows as unknown as Row[]).map(present);
  };
  const one = async (query: Promise<unknown>): Promise<StoredMeeting | null> => {
    const row = (await query) as Row | null;
    return row ? present(row) : null;
  };
  const after = { returnDocument: 'after' } as const;

  return {
    ready: () => model.createIndexes(),

    /** False when the organiser's key was used before. */
    async insert(meeting: StoredMeeting): Promise<boolean> {
      const { id, ...rest } = meeting;
      try {
        await model.insertOne({ _id: id, ...rest } as never);
        return true;
      } catch (error) {
        if (duplicateKeyFields(error)) return false;
        throw error;
      }
    },

    byId: (id: string) => one(model.findById(id).lean().exec()),
    byIds: (ids: readonly string[]) => many({ _id: { $in: [...ids] } }),
    byKey: (organiserId: string, idempotencyKey: string) =>
      one(model.findOne({ 'organiser.id': organiserId, idempotencyKey }).lean().exec()),
    /** The latest first; null: everybody's. */
    of: (personId: string | null) =>
      many(personId === null ? {} : { $or: [{ 'organiser.id': personId }, { 'invitees.id': personId }] }),
    toAnnounce: () => many({ toAnnounce: true }),
    ofRecording: (recordingId: string) => many({ 'agenda.recordingId': recordingId }),

    /** Writes it if it still has this revision; null when it has not. */
    change: (
      id: string,
      revision: number,
      set: Partial<Omit<StoredMeeting, 'id' | 'revision' | 'agenda'>> & {
        readonly agenda?: StoredMeeting['agenda'];
      },
    ) =>
      one(
        model
          .findOneAndUpdate({ _id: id, revision }, { $set: { ...set, revision: revision + 1 } }, after)
          .lean()
          .exec(),
      ),

    /** What was to be announced at this revision is in the outbox. */
    async announced(id: string, revision: number): Promise<void> {
      await model.updateOne({ _id: id, revision }, { $set: { toAnnounce: false } }).exec();
    },

    /** Writes an item's note if it still has this revision; null when it has not. Whoever changes the rest meanwhile is told. */
    note: (id: string, itemId: string, noteRevision: number, note: string, now: number) =>
      one(
        model
          .findOneAndUpdate(
            { _id: id, agenda: { $elemMatch: { id: itemId, noteRevision } } },
            {
              $set: {
                'agenda.$.note': note,
                'agenda.$.noteRevision': noteRevision + 1,
                updatedAt: now,
              },
              $inc: { revision: 1 },
            },
            after,
          )
          .lean()
          .exec(),
      ),
  };
}
