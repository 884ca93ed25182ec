import mongoose from 'mongoose';
import type { LocalText } from '#contract/primitives.ts';
import { duplicateKeyFields, type MongoConnection } from '#kernel/mongo.ts';
import type { StoredMessage, StoredMove } from './rooms.ts';

type MessageRow = Omit<StoredMessage, 'id'> & { _id: string };
type MoveRow = Omit<StoredMove, 'id'> & { _id: string };

interface CounterRow {
  _id: string;
  messages: number;
  moves: number;
}

const { Schema } = mongoose;
const text = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;
const name = { type: Schema.Types.Mixed, required: true } as const;
const plain = { versionKey: false } as const;

const counterSchema = new Schema<CounterRow>(
  { _id: text, messages: { type: Number, default: 0 }, moves: { type: Number, default: 0 } },
  { ...plain, collection: 'room_counters' },
);

const messageSchema = new Schema<MessageRow>(
  {
    _id: text,
    slotId: text,
    number,
    personId: text,
    name,
    host: { type: Boolean, required: true },
    text: { type: String, default: null },
    sentAt: number,
    key: text,
  },
  { ...plain, collection: 'room_messages' },
);
messageSchema.index({ slotId: 1, number: 1 }, { unique: true, name: 'one-message-per-number' });
messageSchema.index({ slotId: 1, personId: 1, key: 1 }, { unique: true, name: 'one-message-per-key' });

const moveSchema = new Schema<MoveRow>(
  { _id: text, slotId: text, number, callId: text, byId: text, by: name, movedAt: number, key: text },
  { ...plain, collection: 'room_moves' },
);
moveSchema.index({ slotId: 1, number: 1 }, { unique: true, name: 'one-move-per-number' });
moveSchema.index({ slotId: 1, byId: 1, key: 1 }, { unique: true, name: 'one-move-per-key' });

export type RoomsStore = Awaited<ReturnType<typeof createRoomsStore>>;

/** Messages and moves of the rooms. The order is the number that the database counts up; a key is taken once. */
export async function createRoomsStore(connection: MongoConnection) {
  const counters = connection.model('RoomCounter', counterSchema);
  const messages = connection.model('RoomMessage', messageSchema);
  const moves = connection.model('RoomMove', moveSchema);
  await Promise.all([messages, moves].map((model) => model.createIndexes()));

  async function next(slotId: string, field: 'messages' | 'moves'): Promise<number> {
    for (let attempt = 0; ; attempt++) {
      try {
        const row = await counters
          .findOneAndUpdate(
            { _id: slotId },
            { $inc: { [field]: 1 } },
            { upsert: true, returnDocument: 'after' },
          )
          .lean();
        return row?.[field] ?? 1;
      } catch (error) {
        // Two who make a slot's counter at once: one of them is told so, and finds it made.
        if (!duplicateKeyFields(error) || attempt > 2) throw error;
      }
    }
  }

  return {
    /** `key-used`: this person sent a message with this key before. */
    async insertMessage(message: Omit<StoredMessage, 'number'>): Promise<StoredMessage | 'key-used'> {
      const numbered = { ...message, number: await next(message.slotId, 'messages') };
      const { id, ...rest } = numbered;
      try {
        await messages.insertOne({ _id: id, ...rest });
        return numbered;
      } catch (error) {
        if (duplicateKeyFields(error)?.includes('key')) return 'key-used';
        throw error;
      }
    },

    async messageByKey(slotId: string, personId: string, key: string): Promise<StoredMessage | null> {
      const row = await messages.findOne({ slotId, personId, key }).lean();
      return row && toMessage(row);
    },

    /** The last `limit` messages before this number, oldest first. */
    async messagesBefore(slotId: string, before: number, limit: number): Promise<StoredMessage[]> {
      const rows = await messages
        .find({ slotId, number: { $lt: before } })
        .sort({ number: -1 })
        .limit(limit)
        .lean();
      return rows.map(toMessage).reverse();
    },

    /** Takes the text away; null if there is no such message. */
    async removeText(slotId: string, messageId: string): Promise<StoredMessage | null> {
      const row = await messages
        .findOneAndUpdate({ _id: messageId, slotId }, { $set: { text: null } }, { returnDocument: 'after' })
        .lean();
      return row && toMessage(row);
    },

    /** `key-used`: this person moved the room with this key before. */
    async insertMove(move: Omit<StoredMove, 'number'>): Promise<StoredMove | 'key-used'> {
      const numbered = { ...move, number: await next(move.slotId, 'moves') };
      const { id, ...rest } = numbered;
      try {
        await moves.insertOne({ _id: id, ...rest });
        return numbered;
      } catch (error) {
        if (duplicateKeyFields(error)?.includes('key')) return 'key-used';
        throw error;
      }
    },

    async moveByKey(slotId: string, byId: string, key: string): Promise<StoredMove | null> {
      const row = await moves.findOne({ slotId, byId, key }).lean();
      return row && toMove(row);
    },

    async lastMove(slotId: string): Promise<StoredMove | null> {
      const row = await moves.findOne({ slotId }).sort({ number: -1 }).lean();
      return row && toMove(row);
    },
  };
}

const localText = ({ en, zh }: LocalText): LocalText => ({ en, zh });

function toMessage(row: MessageRow): StoredMessage {
  const { _id: id, slotId, number, personId, name, host, text, sentAt, key } = row;
  return { id, slotId, number, personId, name: localText(name), host, text: text ?? null, sentAt, key };
}

function toMove(row: MoveRow): StoredMove {
  const { _id: id, slotId, number, callId, byId, by, movedAt, key } = row;
  return { id, slotId, number, callId, byId, by: localText(by), movedAt, key };
}
