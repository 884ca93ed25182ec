import { type Connection, Schema } from 'mongoose';
import { mixed, number, rowsOf, text } from '#kernel/rows.ts';
import type { StoredAction } from './meetings.ts';

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

/** More than these nobody looks through at once. */
const most = 500;

export type ActionsStore = ReturnType<typeof createActionsStore>;

export function createActionsStore(connection: Connection) {
  const model = connection.model('Action', schema, 'actions');
  const rows = rowsOf<StoredAction>(model);

  return {
    ready: () => model.createIndexes(),

    /** False when this person's key was used before. */
    insert: rows.insert,

    byId: rows.byId,
    byKey: (decidedById: string, idempotencyKey: string) =>
      rows.one({ 'decidedBy.id': decidedById, idempotencyKey }),
    ofMeetings: (meetingIds: readonly string[]) =>
      rows.many({ meetingId: { $in: [...meetingIds] } }, { sort: { decidedAt: 1 }, limit: most }),
    /** Open ones, and those closed since then. */
    ofOwner: (ownerId: string, closedSince: number) =>
      rows.many(
        { 'owner.id': ownerId, $or: [{ state: 'open' }, { closedAt: { $gte: closedSince } }] },
        { sort: { dueOn: 1, decidedAt: 1 }, limit: most },
      ),
    /** Decided by, or given to, these people within a window. */
    between: (personIds: readonly string[], from: number, to: number) =>
      rows.many(
        { 'owner.id': { $in: [...personIds] }, decidedAt: { $gte: from, $lt: to } },
        { sort: { decidedAt: 1 }, limit: most },
      ),

    /** Changes it if it still has this revision; null when it has not. */
    change: (
      id: string,
      revision: number,
      set: Partial<Pick<StoredAction, 'state' | 'dueOn' | 'owner' | 'closedAt'>>,
    ) => rows.change({ _id: id, revision }, { $set: { ...set, revision: revision + 1 } }),
  };
}
