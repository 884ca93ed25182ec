import { type Connection, Schema } from 'mongoose';
import type { ClipState } from '#contract/clips.ts';
import { mixed, number, rowsOf, text } from '#kernel/rows.ts';
import type { StoredClip } from './clips.ts';

const schema = new Schema(
  {
    _id: text,
    callId: text,
    lineId: text,
    recordingId: { type: String, default: null },
    bookmarkId: { type: String, default: null },
    title: { type: String, default: '' },
    fromAt: number,
    toAt: number,
    zeroAt: number,
    span: { type: mixed, default: null },
    state: text,
    stateAt: number,
    attempts: { type: Number, default: 0 },
    failure: { type: mixed, default: null },
    file: { type: mixed, default: null },
    rendering: { type: mixed, default: null },
    manifest: { type: String, default: null },
    transcript: { type: String, default: null },
    silences: { type: Number, default: 0 },
    leftover: { type: [String], default: [] },
    withdrawal: { type: mixed, default: null },
    personId: text,
    personName: { type: mixed, required: true },
    personTitle: { type: mixed, required: true },
    createdAt: number,
    idempotencyKey: text,
    requestHash: text,
  },
  { versionKey: false, minimize: false },
);
schema.index({ callId: 1, fromAt: 1 });
schema.index({ state: 1, stateAt: 1 });
schema.index({ personId: 1, createdAt: -1 });
schema.index({ leftover: 1 });
schema.index({ personId: 1, idempotencyKey: 1 }, { unique: true, name: 'one-clip-per-key' });

/** More clips than these nobody looks through at once. */
const most = 500;

export type ClipsStore = ReturnType<typeof createClipsStore>;

export function createClipsStore(connection: Connection) {
  const model = connection.model('Clip', schema, 'clips');
  const rows = rowsOf<StoredClip>(model);

  return {
    ready: () => model.createIndexes(),

    /** False when the person's key was used before: the unique index decides. */
    insert: rows.insert,

    byId: rows.byId,
    byIds: rows.byIds,
    byKey: (personId: string, idempotencyKey: string) => rows.one({ personId, idempotencyKey }),

    ofCalls: (callIds: readonly string[]) =>
      rows.many({ callId: { $in: [...callIds] } }, { sort: { callId: 1, fromAt: 1 }, limit: most }),
    ofPerson: (personId: string) => rows.many({ personId }, { sort: { createdAt: -1 }, limit: most }),

    /** Moves the state by compare-and-set: null when it was not in `from`, or was queued again since `attempts`. */
    move: (
      { id, attempts }: Pick<StoredClip, 'id' | 'attempts'>,
      from: readonly ClipState[],
      set: Partial<Omit<StoredClip, 'id'>>,
    ) => rows.change({ _id: id, attempts, state: { $in: [...from] } }, { $set: set }),

    /** What a report tells; null when it was erased meanwhile, or is not in one of these states. */
    set: (id: string, from: readonly ClipState[], set: Partial<Omit<StoredClip, 'id'>>) =>
      rows.change({ _id: id, state: { $in: [...from] } }, { $set: set }),

    /** What a worker made of it, if it is silenced as is wanted now. */
    made: (
      id: string,
      silencedBy: string | null,
      from: readonly ClipState[],
      set: Partial<Omit<StoredClip, 'id'>>,
    ) => rows.change({ _id: id, transcript: silencedBy, state: { $in: [...from] } }, { $set: set }),

    /** Objects that were made of it, and must go. */
    leave: (id: string, keys: readonly string[]) =>
      rows.change({ _id: id }, { $addToSet: { leftover: { $each: [...keys] } } }),
    /** These are gone, or wanted after all. */
    forget: (id: string, keys: readonly string[]) =>
      rows.change({ _id: id }, { $pullAll: { leftover: [...keys] } }),
    /** Those that have such objects and are not being cut, since before `before` (UTC ms). */
    withLeftover: (before: number, limit: number) =>
      rows.many(
        {
          leftover: { $gt: '' },
          state: { $in: ['ready', 'failed', 'withdrawn'] },
          stateAt: { $lt: before },
        },
        { sort: { _id: 1 }, limit },
      ),

    /** In these states since before `before` (UTC ms), by id, from one id to the next: for what goes through all of them. */
    standing: (states: readonly ClipState[], before: number, afterId: string, limit: number) =>
      rows.many(
        { state: { $in: [...states] }, stateAt: { $lt: before }, _id: { $gt: afterId } },
        { sort: { _id: 1 }, limit },
      ),

    askedOf: (callId: string) => rows.many({ callId, state: 'asked' }),

    async eraseCall(callId: string): Promise<void> {
      await model.deleteMany({ callId }).exec();
    },
  };
}
