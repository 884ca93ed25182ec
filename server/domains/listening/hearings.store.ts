import { type Connection, type mongo, Schema } from 'mongoose';
import { gathered } from '#kernel/gathered.ts';
import type { Span } from './credit.ts';
import type { KeptProof } from './hearing-proof.ts';
import type { MeasuredHearing } from './line-history.ts';
import { type LineWindow, lineWindowsKept } from './line-record.ts';
import type { Hearing, ReplayProgress } from './listening.ts';

type HearingDocument = Omit<Hearing, 'id'> & { _id: string; line?: LineWindow[] };

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
    way: { type: String, required: true },
    wayId: { type: String, default: null },
    reason: { type: String, default: null },
    startedAt: { type: Number, required: true },
    endedAt: { type: Number, default: null },
    packets: { type: Number, default: 0 },
    lastPacketAt: { type: Number, default: null },
    heard: { type: [{ _id: false, from: Number, to: Number }], default: [] },
    replay: { type: Schema.Types.Mixed, default: null },
    /** How good the line was, oldest first; read only where it is asked for. */
    line: { type: Schema.Types.Mixed },
    instanceId: { type: String, required: true },
  },
  { versionKey: false, minimize: false },
);
schema.index({ callId: 1, startedAt: -1 });
schema.index({ personId: 1, startedAt: -1 });
schema.index({ agentId: 1, startedAt: -1 });
schema.index({ slotId: 1, startedAt: -1 });
schema.index({ lineId: 1, startedAt: -1 });
schema.index({ endedAt: 1, instanceId: 1 });

/** What was written before a field existed has its plainest value. */
const present = ({ _id, line: _, ...rest }: HearingDocument): Hearing => ({
  ...rest,
  id: _id,
  way: rest.way ?? (rest.live ? 'live' : 'replay'),
  wayId: rest.wayId ?? null,
  reason: rest.reason ?? null,
  lastPacketAt: rest.lastPacketAt ?? null,
  heard: (rest.heard ?? []).map(({ from, to }: Span) => ({ from, to })),
});

/** Counts only ever grow: a late write of an earlier state takes nothing back. */
const growth = ({ packets, lastPacketAt, heard }: KeptProof) => ({
  $max: { packets, ...(lastPacketAt !== null && { lastPacketAt }) },
  $set: { heard },
});

const lengthen = (line: readonly LineWindow[]) =>
  line.length === 0 ? {} : { $push: { line: { $each: [...line], $slice: -lineWindowsKept } } };

/** Of an unordered insert, the rows that were refused, by their place; undefined where it failed as a whole. */
function refusedWrites(error: unknown): Map<number, Error> | undefined {
  const { writeErrors } = error as { writeErrors?: mongo.WriteError | mongo.WriteError[] };
  const list = [writeErrors ?? []].flat();
  return list.length === 0
    ? undefined
    : new Map(
        list.map((one) => [
          one.index,
          // By its code a caller knows one that is there already.
          Object.assign(new Error(one.errmsg, { cause: error }), { code: one.code }),
        ]),
      );
}

export type HearingsStore = ReturnType<typeof createHearingsStore>;

export function createHearingsStore(connection: Connection) {
  const model = connection.model('Hearing', schema, 'hearings');
  const found = async (filter: Record<string, unknown>, limit: number): Promise<Hearing[]> => {
    const rows = await model.find(filter).sort({ startedAt: -1 }).limit(limit).lean().exec();
    return (rows as unknown as HearingDocument[]).map(present);
  };

  // Two hundred who join in one moment are written by one command; each still waits until theirs is stored.
  const insert = gathered(async (hearings: readonly Hearing[]): Promise<(undefined | Error)[]> => {
    const rows = hearings.map(({ id, ...rest }) => ({ _id: id, ...rest }));
    try {
      await model.insertMany(rows as never[], { ordered: false, lean: true });
      return hearings.map(() => undefined);
    } catch (error) {
      const refused = refusedWrites(error);
      if (!refused) throw error;
      return hearings.map((_, index) => refused.get(index));
    }
  });

  // What all listenings have to say every few seconds, and at their call's end. Of hearings that are over nothing changes.
  const change = gathered(async (asked: readonly { id: string; update: Record<string, unknown> }[]) => {
    const updates = asked.map(({ id, update }) => ({
      updateOne: { filter: { _id: id, endedAt: null }, update },
    }));
    await model.bulkWrite(updates as never[], { ordered: false });
    return asked.map(() => undefined);
  });

  return {
    ready: () => model.createIndexes(),

    /** Resolves when it is stored. */
    insert,

    touch: (id: string, proof: KeptProof, line: readonly LineWindow[]): Promise<void> =>
      change({ id, update: { ...growth(proof), ...lengthen(line) } }),

    finish(id: string, endedAt: number, proof: KeptProof, line: readonly LineWindow[]): Promise<void> {
      const { $max, $set } = growth(proof);
      return change({ id, update: { $max, $set: { ...$set, endedAt }, ...lengthen(line) } });
    },

    /** How good the line was, piece by piece; null for a hearing that is not known. */
    async lineOf(id: string): Promise<{ personId: string; line: LineWindow[] } | null> {
      const row = await model.findOne({ _id: id }, { personId: 1, line: 1 }).lean().exec();
      const known = row as unknown as { personId: string; line?: LineWindow[] } | null;
      return known && { personId: known.personId, line: known.line ?? [] };
    },

    /** Live listenings that began in the span, each with its line; newest first. */
    async measured(
      whose: Record<string, unknown>,
      span: { from: number; to: number },
      limit: number,
    ): Promise<MeasuredHearing[]> {
      const filter = { ...whose, live: true, startedAt: { $gte: span.from, $lt: span.to } };
      const rows = await model.find(filter).sort({ startedAt: -1 }).limit(limit).lean().exec();
      return (rows as unknown as HearingDocument[]).map((row) => ({ ...present(row), line: row.line ?? [] }));
    },

    /** For a hearing whose server is gone: what it wrote last stands. False when it is over already. */
    async close(id: string, endedAt: number): Promise<boolean> {
      const { modifiedCount } = await model
        .updateOne({ _id: id, endedAt: null }, { $set: { endedAt } })
        .exec();
      return modifiedCount === 1;
    },

    async byId(id: string): Promise<Hearing | null> {
      return (await found({ _id: id }, 1))[0] ?? null;
    },

    /** Moves a replay on from the judgement before; false when another report was faster. */
    async progress(
      id: string,
      judgedBefore: number | null,
      next: { replay: ReplayProgress; heard: readonly Span[]; endedAt: number },
    ): Promise<boolean> {
      const before = judgedBefore === null ? { replay: null } : { 'replay.judgedAt': judgedBefore };
      const { replay, heard, endedAt } = next;
      const { modifiedCount } = await model
        .updateOne({ _id: id, live: false, ...before }, { $set: { replay, heard }, $max: { endedAt } })
        .exec();
      return modifiedCount === 1;
    },

    ofCalls: (callIds: readonly string[]) => found({ callId: { $in: [...callIds] } }, 500),

    /** Newest first; `before` by their start. */
    ofAgent: (agentId: string, span: { from: number; before: number }, limit: number) =>
      found({ agentId, startedAt: { $gte: span.from, $lt: span.before } }, limit),

    /** Those that began in the span. */
    ofPersons: (personIds: readonly string[], span: { from: number; to: number }, limit: number) =>
      found({ personId: { $in: [...personIds] }, startedAt: { $gte: span.from, $lt: span.to } }, limit),

    /** Those of a line that began in the span. */
    ofLine: (lineId: string, span: { from: number; to: number }) =>
      found({ lineId, startedAt: { $gte: span.from, $lt: span.to } }, 20_000),

    ofSlot: (slotId: string, limit: number) => found({ slotId }, limit),

    async unfinished(): Promise<Hearing[]> {
      const rows = await model.find({ endedAt: null }).lean().exec();
      return (rows as unknown as HearingDocument[]).map(present);
    },
  };
}
