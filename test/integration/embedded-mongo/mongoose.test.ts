import { expect } from 'chai';
import mongoose, { type Connection } from 'mongoose';
import { useTarget } from './target.ts';

describe('mongoose on the document server', () => {
  const target = useTarget();
  let connection: Connection;

  before(async () => {
    connection = await mongoose.createConnection(target.url, { dbName: target.db.databaseName }).asPromise();
  });
  after(() => connection.close());

  it('makes the indexes of a schema by itself, and does so again without complaint', async () => {
    for (let i = 0; i < 2; i++) {
      const schema = new mongoose.Schema({ code: { type: String, unique: true }, line: String, at: Date });
      schema.index({ line: 1, at: -1 });
      schema.index({ at: 1 }, { expireAfterSeconds: 3600 });
      const Line = connection.model(`Line${i}`, schema, 'lines');
      await Line.init();
      expect(Object.keys(await Line.collection.indexInformation())).to.have.members([
        '_id_',
        'code_1',
        'line_1_at_-1',
        'at_1',
      ]);
    }
  });

  it('creates, finds, changes and deletes with casts, defaults, timestamps and versions', async () => {
    const schema = new mongoose.Schema(
      {
        name: { type: String, required: true },
        seats: { type: Number, default: 5 },
        notes: [{ text: String, at: Date }],
        owner: { type: mongoose.Schema.Types.ObjectId },
        big: BigInt,
        tags: { type: Map, of: Number },
        key: mongoose.Schema.Types.UUID,
      },
      { timestamps: true },
    );
    const Slot = connection.model('Slot', schema);
    const owner = new mongoose.Types.ObjectId();
    const slot = await Slot.create({
      name: 'early',
      owner,
      big: 9007199254740993n,
      tags: { a: 1 },
      key: '00000000-0000-4000-8000-000000000001',
    });
    slot.notes.push({ text: 'one', at: new Date() });
    slot.seats = 7;
    await slot.save();
    const found = await Slot.findById(slot.id).orFail();
    expect(found.toObject()).to.deep.include({ name: 'early', seats: 7, big: 9007199254740993n, __v: 1 });
    expect(found.tags?.get('a')).to.equal(1);
    expect(String(found.key)).to.equal('00000000-0000-4000-8000-000000000001');
    expect(found.updatedAt.getTime()).to.be.greaterThanOrEqual(found.createdAt.getTime());
    expect(await Slot.exists({ owner, 'notes.text': 'one' })).to.not.equal(null);
    const changed = await Slot.findOneAndUpdate(
      { _id: slot.id, seats: { $gt: 0 } },
      { $inc: { seats: -1 } },
      { returnDocument: 'after' },
    );
    expect(changed?.seats).to.equal(6);
    expect((await Slot.deleteOne({ _id: slot.id })).deletedCount).to.equal(1);
  });

  it('tells a lost race on the version of a document', async () => {
    const Note = connection.model(
      'Note',
      new mongoose.Schema({ lines: [String] }, { optimisticConcurrency: true }),
    );
    const { id } = await Note.create({ lines: ['a'] });
    const [one, two] = [await Note.findById(id).orFail(), await Note.findById(id).orFail()];
    one.lines.push('b');
    await one.save();
    two.lines = ['c'];
    let failure: unknown;
    await two.save().catch((error: unknown) => {
      failure = error;
    });
    expect(failure).to.be.instanceOf(mongoose.Error.VersionError);
  });

  it('populates, writes in bulk, streams and aggregates', async () => {
    const Line = connection.model('PLine', new mongoose.Schema({ name: String }));
    const Call = connection.model(
      'PCall',
      new mongoose.Schema({ line: { type: mongoose.Schema.Types.ObjectId, ref: 'PLine' }, secs: Number }),
    );
    const [fresh, delivery] = await Line.insertMany([{ name: 'Fresh' }, { name: 'Delivery' }]);
    await Call.bulkWrite([
      { insertOne: { document: { line: fresh!._id, secs: 10 } } },
      { insertOne: { document: { line: fresh!._id, secs: 20 } } },
      { updateOne: { filter: { line: delivery!._id }, update: { $set: { secs: 30 } }, upsert: true } },
      { deleteMany: { filter: { secs: { $lt: 15 } } } },
    ]);
    const calls = await Call.find().sort({ secs: 1 }).populate<{ line: { name: string } }>('line');
    expect(calls.map(({ line, secs }) => [line.name, secs])).to.deep.equal([
      ['Fresh', 20],
      ['Delivery', 30],
    ]);
    let streamed = 0;
    for await (const _call of Call.find().cursor({ batchSize: 1 })) streamed++;
    expect(streamed).to.equal(2);
    const sums = await Call.aggregate([{ $group: { _id: null, secs: { $sum: '$secs' } } }]);
    expect(sums).to.deep.equal([{ _id: null, secs: 50 }]);
  });
});
