import { type Connection, Schema } from 'mongoose';
import { mixed, number, rowsOf, text } from '#kernel/rows.ts';
import type { StoredMail } from './mails.ts';

const schema = new Schema(
  {
    _id: text,
    personId: text,
    about: text,
    subject: text,
    text,
    calendar: { type: mixed, default: null },
    state: text,
    attempts: number,
    dueAt: number,
    cause: { type: String, default: null },
    createdAt: number,
    sentAt: { type: Number, default: null },
  },
  { versionKey: false, minimize: false },
);
schema.index({ state: 1, dueAt: 1 });
schema.index({ about: 1, createdAt: 1 });

export type MailsStore = ReturnType<typeof createMailsStore>;

export function createMailsStore(connection: Connection) {
  const model = connection.model('Mail', schema, 'mails');
  const rows = rowsOf<StoredMail>(model);
  return {
    ready: () => model.createIndexes(),

    /** False when it is there already. */
    insert: rows.insert,

    /** Earlier ones about the same to the same person need not go out any more. */
    async supersede(mail: Pick<StoredMail, 'id' | 'about' | 'personId' | 'createdAt'>): Promise<void> {
      const { id, about, personId, createdAt } = mail;
      await model
        .updateMany(
          { about, personId, state: 'queued', _id: { $ne: id }, createdAt: { $lte: createdAt } },
          { $set: { state: 'superseded' } },
        )
        .exec();
    },

    /** Takes the one that has been due for longest; nobody else gets it before `until`. */
    claim: (now: number, until: number) =>
      rows.change(
        { state: 'queued', dueAt: { $lte: now } },
        { $set: { dueAt: until }, $inc: { attempts: 1 } },
        { sort: { dueAt: 1 } },
      ),

    /** Only while it is queued: what was superseded meanwhile stays so. */
    async settle(
      id: string,
      set: Partial<Pick<StoredMail, 'state' | 'dueAt' | 'cause' | 'sentAt'>>,
    ): Promise<void> {
      await model.updateOne({ _id: id, state: 'queued' }, { $set: set }).exec();
    },

    /** In the order in which they were made. */
    about: (about: string) => rows.many({ about }, { sort: { createdAt: 1 }, limit: 1_000 }),

    async counts(): Promise<{ state: StoredMail['state']; count: number }[]> {
      const rows = await model.aggregate<{ _id: StoredMail['state']; count: number }>([
        { $group: { _id: '$state', count: { $sum: 1 } } },
      ]);
      return rows.map(({ _id, count }) => ({ state: _id, count }));
    },
  };
}
