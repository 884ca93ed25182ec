import mongoose from 'mongoose';
import type { Reservation } from '#contract/seats.ts';
import { gathered, gatheredById } from '#kernel/gathered.ts';
import { duplicateKeyFields, type MongoConnection } from '#kernel/mongo.ts';
import type { SeatsStore, SpanQuery } from './seats.ports.ts';
import { cellsOf, holdsSeat, type PlannedSlot } from './seats.ts';

interface SlotRow extends Omit<PlannedSlot, 'id'> {
  _id: string;
  cells: number[];
  plannedBy: string;
  idempotencyKey: string;
  requestHash: string;
}

interface ReservationRow extends Omit<Reservation, 'id'> {
  _id: string;
  /** True while the reservation holds its seat; the unique indexes count only these. */
  active: boolean;
  idempotencyKey: string;
  requestHash: string;
  lineId: string;
  startsAt: number;
  endsAt: number;
}

const { Schema } = mongoose;
const text = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;

const slotSchema = new Schema<SlotRow>(
  {
    _id: text,
    lineId: text,
    startsAt: number,
    endsAt: number,
    zone: text,
    seats: number,
    mode: text,
    ear: { type: String },
    hostId: { type: String, default: null },
    cells: { type: [Number], required: true },
    plannedBy: text,
    idempotencyKey: text,
    requestHash: text,
  },
  { versionKey: false, collection: 'slots' },
);
// A multikey index holds one entry per cell: two slots of a line that share one are refused.
slotSchema.index({ lineId: 1, cells: 1 }, { unique: true, name: 'one-slot-per-cell' });
slotSchema.index({ plannedBy: 1, idempotencyKey: 1 }, { unique: true, name: 'one-slot-per-key' });
slotSchema.index({ startsAt: 1, endsAt: 1 }, { name: 'by-time' });

const reservationSchema = new Schema<ReservationRow>(
  {
    _id: text,
    slotId: text,
    personId: text,
    seat: number,
    state: text,
    active: { type: Boolean, required: true },
    reservedAt: number,
    checkedInAt: { type: Number, default: null },
    cancelledAt: { type: Number, default: null },
    idempotencyKey: text,
    requestHash: text,
    lineId: text,
    startsAt: number,
    endsAt: number,
  },
  { versionKey: false, collection: 'reservations' },
);
const whileActive = { unique: true, partialFilterExpression: { active: true } };
reservationSchema.index({ slotId: 1, seat: 1 }, { ...whileActive, name: 'one-holder-per-seat' });
reservationSchema.index({ slotId: 1, personId: 1 }, { ...whileActive, name: 'one-seat-per-person' });
reservationSchema.index(
  { personId: 1, idempotencyKey: 1 },
  { unique: true, name: 'one-reservation-per-key' },
);
reservationSchema.index({ personId: 1, endsAt: 1 }, { name: 'by-person' });
reservationSchema.index({ startsAt: 1, endsAt: 1 }, { name: 'by-time' });
reservationSchema.index({ state: 1, endsAt: 1 }, { name: 'by-state' });

export async function createSeatsStore(connection: MongoConnection): Promise<SeatsStore> {
  const slots = connection.model('Slot', slotSchema);
  const reservations = connection.model('Reservation', reservationSchema);
  await Promise.all([slots, reservations].map((model) => model.createIndexes()));

  const touches = ({ from, to, lineIds }: SpanQuery) => ({
    startsAt: { $lt: to },
    endsAt: { $gt: from },
    lineId: { $in: [...lineIds] },
  });

  const slotsByIds = async (slotIds: readonly string[]) => {
    const rows = await slots.find({ _id: { $in: [...slotIds] } }).lean();
    return rows.map(toSlot);
  };
  // A room that fills asks about each seat in the same moment.
  const holding = gathered(async (asked: readonly { personId: string; slotId: string }[]) => {
    const [slotIds, personIds] = [asked.map((one) => one.slotId), asked.map((one) => one.personId)];
    const rows = await reservations
      .find({
        slotId: { $in: [...new Set(slotIds)] },
        personId: { $in: [...new Set(personIds)] },
        active: true,
      })
      .lean();
    const held = new Map(rows.map((row) => [`${row.slotId} ${row.personId}`, toReservation(row)]));
    return asked.map(({ slotId, personId }) => held.get(`${slotId} ${personId}`) ?? null);
  });
  const seatsTaken = gathered(async (slotIds: readonly string[]) => {
    const rows = await reservations
      .find({ slotId: { $in: [...new Set(slotIds)] }, active: true }, { slotId: 1, seat: 1 })
      .lean();
    const taken = Map.groupBy(rows, (row) => row.slotId);
    return slotIds.map((slotId) => new Set(taken.get(slotId)?.map((row) => row.seat)));
  });

  return {
    async insertSlot({ id, ...rest }) {
      try {
        await slots.insertOne({ _id: id, ...rest, cells: cellsOf(rest) });
        return 'stored';
      } catch (error) {
        const fields = duplicateKeyFields(error);
        if (fields?.includes('cells')) return 'overlaps';
        if (fields?.includes('idempotencyKey')) return 'key-used';
        if (fields?.includes('_id')) return 'id-used';
        throw error;
      }
    },
    async insertSlots(list) {
      const rows = list.map(({ id, ...rest }) => ({ _id: id, ...rest, cells: cellsOf(rest) }));
      try {
        await slots.insertMany(rows, { ordered: false });
      } catch (error) {
        // Unordered: the others are stored when this is thrown.
        if (!duplicateKeyFields(error)) throw error;
      }
    },
    async slotByKey(plannedBy, idempotencyKey) {
      const row = await slots.findOne({ plannedBy, idempotencyKey }).lean();
      return row && { value: toSlot(row), requestHash: row.requestHash };
    },
    slot: gatheredById(slotsByIds),
    slotsByIds,
    async slotsBetween(span) {
      const rows = await slots.find(touches(span)).sort({ startsAt: 1, lineId: 1 }).lean();
      return rows.map(toSlot);
    },

    async insertReservation({ id, ...rest }, { lineId, startsAt, endsAt }) {
      try {
        const active = holdsSeat(rest.state);
        await reservations.insertOne({ _id: id, ...rest, active, lineId, startsAt, endsAt });
        return 'stored';
      } catch (error) {
        const fields = duplicateKeyFields(error);
        if (fields?.includes('seat')) return 'seat-taken';
        if (fields?.includes('slotId')) return 'person-holds';
        if (fields?.includes('idempotencyKey') || fields?.includes('_id')) return 'key-used';
        throw error;
      }
    },
    async reservationByKey(personId, idempotencyKey) {
      const row = await reservations.findOne({ personId, idempotencyKey }).lean();
      return row && { value: toReservation(row), requestHash: row.requestHash };
    },
    async reservation(personId, reservationId) {
      const row = await reservations.findOne({ _id: reservationId, personId }).lean();
      return row && toReservation(row);
    },
    holding: (personId, slotId) => holding({ personId, slotId }),
    seatsTaken,
    async takenBetween(span) {
      const rows = await reservations.aggregate<{ _id: string; taken: number }>([
        { $match: { ...touches(span), active: true } },
        { $group: { _id: '$slotId', taken: { $sum: 1 } } },
      ]);
      return new Map(rows.map((row) => [row._id, row.taken]));
    },
    async heldBetween(personId, from, to) {
      const rows = await reservations
        .find({ personId, active: true, startsAt: { $lt: to }, endsAt: { $gt: from } })
        .sort({ startsAt: 1 })
        .lean();
      return rows.map(toReservation);
    },
    async move(reservationId, from, to, times = {}) {
      const row = await reservations
        .findOneAndUpdate(
          { _id: reservationId, state: { $in: [...from] } },
          { $set: { state: to, active: holdsSeat(to), ...times } },
          { returnDocument: 'after' },
        )
        .lean();
      return row && toReservation(row);
    },
    async moveEnded(endedBefore, from, to) {
      const { modifiedCount } = await reservations.updateMany(
        { state: { $in: [...from] }, endsAt: { $lt: endedBefore } },
        { $set: { state: to, active: holdsSeat(to) } },
      );
      return modifiedCount;
    },
  };
}

function toSlot(row: SlotRow): PlannedSlot {
  const { _id: id, lineId, startsAt, endsAt, zone, seats, mode, ear, hostId } = row;
  return { id, lineId, startsAt, endsAt, zone, seats, mode, hostId, ...(ear && { ear }) };
}

function toReservation(row: ReservationRow): Reservation {
  const { _id: id, slotId, personId, seat, state, reservedAt, checkedInAt, cancelledAt } = row;
  return { id, slotId, personId, seat, state, reservedAt, checkedInAt, cancelledAt };
}
