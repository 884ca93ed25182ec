import { type Connection, Schema } from 'mongoose';
import { duplicateKeyFields } from '#kernel/mongo.ts';
import type { StoredAction } from './meetings.ts';

type Row = Omit<StoredAction, 'id'> & { _id: string };

const text = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;
const mixed = Schema.Types.Mixed;

const schema = new Schema(
  {
    _id: text,
    meetingId: text,
    meetingTitle: text,
    zone: text,
    itemId: { type: String, default: null },
    text,
    owner: { type: mixed, required: true },
    dueOn: text,
    state: text,
    decidedAt: number,
    decidedBy: { type: mixed, required: true },
    closedAt: { type: Number, default: null },
    revision: number,
    idempotencyKey: text,
    requestHash: text,
  },
  { versionKey: false, minimize: false },
);
schema.index({ meetingId: 1, decidedAt: 1 });
schema.index({ 'owner.id': 1, state: 1, dueOn: 1 });
schema.index({ 'decidedBy.id': 1, idempotencyKey: 1 }, { unique: true, name: 'one-action-per-key' });

const present = ({ _id, ...rest }: Row): StoredAction => ({ id: _id, ...rest });
const most = 500;

export type ActionsStore = ReturnType<typeof createActionsStore>;

export function createActionsStore(connection: Connection) {
  const model = connection.model('Action', schema, 'actions');
  const many = async (filter: Record<string, unknown>, sort: Record<string, 1 | -1>) => {
    const rows = await model.find(filter).sort(sort).limit(most).lean().exec();
    return (rows as unknown as Row[]).map(present);
  };
  const one = async (query: Promise<unknown>): Promise<StoredAction | null> => {
    const row = (await query) as Row | null;
    return row ? present(row) : null;
  };

  return {
    ready: () => model.createIndexes(),

    /** False when this person's key was used before. */
    async insert(action: StoredAction): Promise<boolean> {
      const { id, ...rest } = action;
      try {
        await model.insertOne({ _id: id, ...rest } as never);
        return true;
      } catch (error) {
        if (duplicateKeyFields(error)) return false;
        throw error;
      }
    },

    byId: (id: string) => one(model.findById(id).lean().exec()),
    byKey: (decidedById: string, idempotencyKey: string) =>
      one(model.findOne({ 'decidedBy.id': decidedById, idempotencyKey }).lean().exec()),
    ofMeetings: (meetingIds: readonly string[]) =>
      many({ meetingId: { $in: [...meetingIds] } }, { decidedAt: 1 }),
    /** Open ones, and those closed since then. */
    ofOwner: (ownerId: string, closedSince: number) =>
      many(
        { 'owner.id': ownerId, $or: [{ state: 'open' }, { closedAt: { $gte: closedSince } }] },
        { dueOn: 1, decidedAt: 1 },
      ),
    /** Decided by, or given to, these people within a window. */
    between: (personIds: readonly string[], from: number, to: number) =>
      many({ 'owner.id': { $in: [...personIds] }, decidedAt: { $gte: from, $lt: to } }, { decidedAt: 1 }),

    /** Changes it if it still has this revision; null when it has not. */
    change: (
      id: string,
      revision: number,
      set: Partial<Pick<StoredAction, 'state' | 'dueOn' | 'owner' | 'closedAt'>>,
    ) =>
      one(
        model
          .findOneAndUpdate(
            { _id: id, revision },
            { $set: { ...set, revision: revision + 1 } },
            { returnDocument: 'after' },
          )
          .lean()
          .exec(),
      ),
  };
}
