import mongoose from 'mongoose';
import type { Business, Line } from '#contract/businesses.ts';
import type { MongoConnection } from '#kernel/mongo.ts';
import type { BusinessesStore } from './businesses.service.ts';
import type { Company, PlacedScenario } from './businesses.ts';

type Stored<T extends { id: string }> = Omit<T, 'id'> & { _id: string };

const { Schema } = mongoose;
const text = { en: { type: String, required: true }, zh: { type: String, required: true } };
const options = { versionKey: false, minimize: false } as const;

const businessSchema = new Schema<Stored<Business>>(
  {
    _id: { type: String, required: true },
    parentId: { type: String, default: null },
    kind: { type: String, required: true },
    name: text,
    ownerIds: { type: [String], required: true },
  },
  { ...options, collection: 'businesses' },
);
businessSchema.index({ ownerIds: 1 });

const lineSchema = new Schema<Stored<Line>>(
  {
    _id: { type: String, required: true },
    name: text,
    businessId: { type: String, required: true },
    zone: { type: String, required: true },
    notice: { type: String, default: 'live' },
  },
  { ...options, collection: 'lines' },
);

const scenarioSchema = new Schema<Stored<PlacedScenario>>(
  {
    _id: { type: String, required: true },
    name: text,
    lineIds: { type: [String], required: true },
  },
  { ...options, collection: 'scenarios' },
);

export async function createBusinessesStore(connection: MongoConnection): Promise<BusinessesStore> {
  const businesses = connection.model('Business', businessSchema);
  const lines = connection.model('Line', lineSchema);
  const scenarios = connection.model('Scenario', scenarioSchema);
  await Promise.all([businesses, lines, scenarios].map((model) => model.createIndexes()));

  return {
    async load(): Promise<Company> {
      const [businessRows, lineRows, scenarioRows] = await Promise.all([
        businesses.find().sort({ _id: 1 }).lean(),
        lines.find().sort({ _id: 1 }).lean(),
        scenarios.find().sort({ _id: 1 }).lean(),
      ]);
      return {
        businesses: businessRows.map(({ _id, ...rest }) => ({ id: _id, ...rest })),
        // Lines of before there was a choice told their agents at once.
        lines: lineRows.map(({ _id, ...rest }) => ({ ...rest, id: _id, notice: rest.notice ?? 'live' })),
        scenarios: scenarioRows.map(({ _id, ...rest }) => ({ id: _id, ...rest })),
      };
    },

    async save(company: Company): Promise<void> {
      const upsert = <T extends { id: string }>({ id, ...rest }: T) => ({
        replaceOne: { filter: { _id: id }, replacement: { _id: id, ...rest }, upsert: true },
      });
      await businesses.bulkWrite(company.businesses.map(upsert));
      // What somebody has decided on a line's notice stays as it is when the company is stored anew.
      await lines.bulkWrite(
        company.lines.map(({ id, notice, ...rest }) => ({
          updateOne: { filter: { _id: id }, update: { $set: rest, $setOnInsert: { notice } }, upsert: true },
        })),
      );
      await scenarios.bulkWrite(company.scenarios.map(upsert));
    },

    async setNotice(lineId, notice) {
      const { matchedCount } = await lines.updateOne({ _id: lineId }, { $set: { notice } });
      return matchedCount === 1;
    },
  };
}
