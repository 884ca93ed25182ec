import { expect } from 'chai';
import { Schema } from 'mongoose';
import { createLog } from '#kernel/log.ts';
import { connectMongo, type MongoConnection } from '#kernel/mongo.ts';
import { contains, number, rowsOf, text } from '#kernel/rows.ts';
import { freshStores } from '#support/stack.ts';

interface Jar {
  readonly id: string;
  readonly label: string;
  readonly shelf: { readonly floor: number };
  readonly grams: number;
}

const schema = new Schema(
  { _id: text, label: text, shelf: { floor: number }, grams: number },
  { versionKey: false },
);
schema.index({ label: 1 }, { unique: true });

const jar = (id: string, grams: number, floor = 0): Jar => ({
  id,
  label: `jar ${id}`,
  shelf: { floor },
  grams,
});
const idsOf = (jars: readonly Jar[]) => jars.map(({ id }) => id);

describe('Rows', function () {
  this.timeout(30_000);
  let mongo: MongoConnection;
  let jars: ReturnType<typeof rowsOf<Jar>>;

  before(async () => {
    mongo = await connectMongo((await freshStores()).MONGODB_URL, createLog('test', 'silent'));
    const model = mongo.model('Jar', schema, 'jars');
    await model.createIndexes();
    jars = rowsOf(model);
    for (const one of [jar('a', 300), jar('b', 100, 1), jar('c', 200, 1)]) await jars.insert(one);
  });
  after(() => mongo.close());

  it('are put in once: by their id, by a unique index, and where many come at the same moment', async () => {
    expect(await jars.insert({ ...jar('a', 1), label: 'another' }), 'the same id').to.equal(false);
    expect(await jars.insert({ ...jar('z', 1), label: 'jar a' }), 'the same label').to.equal(false);
    const at = await Promise.all(Array.from({ length: 8 }, () => jars.insert(jar('once', 50, 9))));
    expect(at.filter(Boolean)).to.have.length(1);
    expect(await jars.byId('a')).to.deep.equal(jar('a', 300));
    expect(await jars.byId('z')).to.equal(null);
  });

  it('tell a refusal from what went wrong', async () => {
    const thrown = await jars.insert({ id: 'bare' } as Jar).catch((error: unknown) => error);
    expect(thrown).to.be.an('error').with.property('name', 'ValidationError');
  });

  it('are found by what they are, in an order and up to a number', async () => {
    expect(await jars.one({ label: 'jar b' })).to.deep.equal(jar('b', 100, 1));
    expect(await jars.one({ label: 'jar nobody has' })).to.equal(null);
    expect(idsOf(await jars.many({ 'shelf.floor': 1 }, { sort: { grams: -1 } }))).to.deep.equal(['c', 'b']);
    expect(idsOf(await jars.many({ grams: { $gte: 100 } }, { sort: { grams: 1 }, limit: 2 }))).to.deep.equal([
      ...['b', 'c'],
    ]);
    expect(idsOf(await jars.byIds(['c', 'nobody', 'a']))).to.have.members(['a', 'c']);
    expect(await jars.byIds([])).to.deep.equal([]);
  });

  it('change only while they are as they were thought to be', async () => {
    await jars.insert(jar('d', 10, 5));
    const changed = await jars.change(
      { _id: 'd', grams: 10 },
      { $set: { 'shelf.floor': 6 }, $inc: { grams: 1 } },
    );
    expect(changed).to.deep.equal(jar('d', 11, 6));
    expect(await jars.change({ _id: 'd', grams: 10 }, { $set: { grams: 0 } })).to.equal(null);
    expect(await jars.byId('d')).to.deep.equal(jar('d', 11, 6));
  });

  it('change the first in an order, and are made where there is none', async () => {
    for (const [id, grams] of [
      ['e', 3],
      ['f', 1],
      ['g', 2],
    ] as const)
      await jars.insert(jar(id, grams, 7));
    const first = await jars.change({ 'shelf.floor': 7 }, { $inc: { grams: 10 } }, { sort: { grams: 1 } });
    expect(first).to.deep.equal(jar('f', 11, 7));
    const made = await jars.change(
      { label: 'jar h' },
      { $set: { grams: 4, shelf: { floor: 8 } }, $setOnInsert: { _id: 'h' } },
      { upsert: true },
    );
    expect(made).to.deep.equal(jar('h', 4, 8));
  });

  it('go once, and tell what they were', async () => {
    await jars.insert(jar('i', 5));
    expect(await jars.remove({ _id: 'i', grams: 6 })).to.equal(null);
    const gone = await Promise.all([jars.remove({ _id: 'i' }), jars.remove({ _id: 'i' })]);
    expect(gone.filter((one) => one !== null)).to.deep.equal([jar('i', 5)]);
  });

  it('are found by words letter for letter, whatever these mean elsewhere', async () => {
    await jars.insert({ ...jar('odd', 1, 3), label: 'was it (50% off)? [yes.] a+b' });
    for (const words of ['(50% off)?', '[yes.]', 'a+b']) {
      expect(idsOf(await jars.many({ label: contains(words) })), words).to.deep.equal(['odd']);
    }
    for (const words of ['yes.]$', 'a*b', '50..off']) {
      expect(await jars.many({ label: contains(words) }), words).to.deep.equal([]);
    }
  });
});
