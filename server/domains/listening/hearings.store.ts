import { type Connection, Schema } from 'mongoose';
import type { Hearing } from './listening.ts';

type HearingDocument = Omit<Hearing, 'id'> & { _id: string };

const schema = new Schema(
  {
    _id: { type: String, required: true },
    personId: { type: String, required: true },
    personName: { type: Schema.Types.Mixed, required: true },
    personTitle: { type: Schema.Types.Mixed, required: true },
    callId: { type: String, required: true },
    recordingId: { type: String, default: null },
    agentId: { type: String, default: null },
    lineId: { type: String, required: true },
    slotId: { type: String, default: null },
    live: { type: Boolean, required: true },
    startedAt: { type: Number, required: true },
    endedAt: { type: Number, default: null },
    packets: { type: Number, default: 0 },
    instanceId: { type: String, required: true },
  },
  { versionKey: false, minimize: false },
);
schema.index({ callId: 1, startedAt: -1 });
schema.index({ personId: 1, startedAt: -1 });
schema.index({ endedAt: 1, instanceId: 1 });

const present = ({ _id, ...rest }: HearingDocument): Hearing => ({ id: _id, ...rest });

export type HearingsStore = ReturnType<typeof createHearingsStore>;

export function createHearingsStore(connection: Connection) {
  const model = connection.model('Hearing', schema, 'hearings');
  return {
    ready: () => model.createIndexes(),

    async insert(hearing: Hearing): Promise<void> {
      const { id, ...rest } = hearing;
      await model.insertOne({ _id: id, ...rest } as never);
    },

    /** Packets only ever grow: a late report of an earlier count changes nothing. */
    async touch(id: string, packets: number): Promise<void> {
      await model.updateOne({ _id: id, endedAt: null }, { $max: { packets } }).exec();
    },

    async finish(id: string, endedAt: number, packets: number): Promise<void> {
      await model.updateOne({ _id: id, endedAt: null }, { $set: { endedAt }, $max: { packets } }).exec();
    },

    async ofCalls(callIds: readonly string[]): Promise<Hearing[]> {
      const found = await model
        .find({ callId: { $in: [...callIds] } })
        .sort({ startedAt: -1 })
        .limit(500)
        .lean()
        .exec();
      return (found as unknown as HearingDocument[]).map(present);
    },

    async unfinished(): Promise<Hearing[]> {
      const found = await model.find({ endedAt: null }).lean().exec();
      return (found as unknown as HearingDocument[]).map(present);
    },
  };
}
