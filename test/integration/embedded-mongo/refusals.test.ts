import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { BSON, type Document, Long, MongoClient } from 'mongodb';
import { type Kind, refusal, skipOn, UNNUMBERED, useTarget } from './target.ts';

const { EJSON } = BSON;

/** Commands that no MongoDB takes, with the code. */
const WRONG: [command: Document, code: number, not?: [Kind, string]][] = [
  [{ fooBar: 1 }, 59],
  [{ find: 'c', foo: 1 }, 40415],
  [{ insert: 'c', documents: [{ x: 1 }], foo: 1 }, 40415],
  [{ aggregate: 'c', pipeline: [], cursor: {}, foo: 1 }, 40415],
  [{ findAndModify: 'c', query: {}, update: { $set: { x: 1 } }, foo: 1 }, 40415],
  [{ update: 'c', updates: [{ q: {}, u: { x: 1 }, foo: 1 }] }, 40415],
  [{ delete: 'c', deletes: [{ q: {}, limit: 1, foo: 1 }] }, 40415],
  [{ find: 'c', filter: 1 }, 14],
  [{ find: '' }, 73],
  [{ find: 5 }, 73, ['documentdb', 'says 14']],
  [{ create: 'a$b' }, 73],
  [{ insert: 'c', documents: [] }, 16],
  [{ insert: 'c' }, 40414],
  [{ update: 'c', updates: [{ q: {} }] }, 40414],
  [{ delete: 'c', deletes: [{ q: {}, limit: 2 }] }, 9],
  [{ update: 'c', updates: [{ q: {}, u: 'x' }] }, 9, ['documentdb', 'says 14']],
  [{ find: 'c', limit: -1 }, 51024, ['documentdb', 'takes it for 1']],
  [{ find: 'c', sort: { a: 5 } }, 15975],
  [{ find: 'c', hint: 'nope' }, 2, ['documentdb', 'takes no notice']],
  [{ find: 'c', tailable: true }, 2, ['documentdb', 'takes no notice']],
  [{ aggregate: 'c', pipeline: [{ $nope: {} }], cursor: {} }, 40324],
  [{ aggregate: 'c', pipeline: [] }, 9],
  [{ getMore: Long.fromNumber(123), collection: 'c' }, 43],
];

/** Commands of MongoDB that the embedded server does not do, or cannot as a single one. */
const NOT_BUILT: [command: Document, code: number][] = [
  [{ mapReduce: 'c', map: '', reduce: '', out: 'd' }, 59],
  [{ find: 'c', collation: { locale: 'zh' } }, 238],
  [{ find: 'c', showRecordId: true }, 238],
  [{ find: 'c', min: { a: 1 } }, 238],
  [{ find: 'c', filter: { $where: 'true' } }, 238],
  [{ find: 'c', readConcern: { level: 'linearizable' } }, 123],
  [{ find: 'c', readConcern: { level: 'snapshot' } }, 123],
  [{ find: 'c', txnNumber: Long.ONE }, 20],
  [{ insert: 'c', documents: [{ x: 1 }], writeConcern: { w: 2 } }, 2],
  [{ aggregate: 'c', pipeline: [{ $out: 'd' }], cursor: {} }, 40324],
  [{ aggregate: 'c', pipeline: [{ $changeStream: {} }], cursor: {} }, 40324],
  [{ aggregate: 'c', pipeline: [], cursor: {}, explain: true }, 238],
  [{ create: 'd', capped: true, size: 1000 }, 238],
  [{ create: 'd', validator: { x: 1 } }, 238],
  [{ createIndexes: 'c', indexes: [{ key: { x: 'text' }, name: 'x' }] }, 238],
  [{ createIndexes: 'c', indexes: [{ key: { x: 1 }, name: 'x', hidden: true }] }, 238],
];

describe('What the embedded document server refuses', () => {
  const target = useTarget();

  before(async () => {
    await target.db.collection('c').insertOne({ x: 1 });
  });

  for (const [command, code, not] of WRONG) {
    it(`${EJSON.stringify(command)} with ${code}`, async function () {
      if (not) skipOn(this, target, [not[0]], not[1]);
      const error = await refusal(target.db.command(command));
      expect(error.code).to.be.oneOf(target.kind === 'documentdb' ? [code, UNNUMBERED, 2] : [code]);
      expect(await target.db.collection('c').countDocuments(), 'nothing was done').to.equal(1);
    });
  }

  for (const [command, code] of NOT_BUILT) {
    it(`${EJSON.stringify(command)} with ${code}`, async function () {
      skipOn(this, target, ['documentdb', 'mongodb'], 'it may do that');
      const error = await refusal(target.db.command(command));
      expect(error.errorResponse).to.include({ ok: 0, code });
      expect(error.codeName).to.be.a('string').that.is.not.equal('');
      expect(await target.db.collection('c').countDocuments(), 'nothing was done').to.equal(1);
    });
  }

  it('transactions, with the code of a standalone server', async function () {
    skipOn(this, target, ['documentdb', 'mongodb'], 'replica sets have transactions');
    const session = target.client.startSession();
    session.startTransaction();
    // for a write the driver puts a text of its own in front of this error
    const error = await refusal(target.db.collection('c').findOne({ x: 2 }, { session }));
    expect(error.code).to.equal(20);
    expect(error.message).to.equal('Transaction numbers are only allowed on a replica set member or mongos');
    await session.abortTransaction().catch(() => {});
    await session.endSession();
  });

  it('but takes the options that drivers send by themselves', async () => {
    const client = await new MongoClient(target.url, {
      retryWrites: true,
      retryReads: true,
      w: 'majority',
      readConcernLevel: 'majority',
      readPreference: 'primaryPreferred',
    }).connect();
    const collection = client.db(target.db.databaseName).collection('options');
    const session = client.startSession();
    await collection.insertOne({ x: 1 }, { session, comment: 'why', maxTimeMS: 1000 });
    expect(
      await collection.findOne(
        { x: 1 },
        { session, maxTimeMS: 1000, comment: 'why', collation: { locale: 'simple' } },
      ),
    ).to.include({ x: 1 });
    await session.endSession();
    await collection.drop();
    await client.close();
  });

  it('an unacknowledged write gets no answer and is done all the same', async () => {
    const collection = target.db.collection('quiet', { writeConcern: { w: 0 } });
    expect((await collection.insertOne({ x: 1 })).acknowledged).to.equal(false);
    await target.db.collection('quiet').insertOne({ x: 2 });
    const rows = await target.db
      .collection('quiet')
      .find({ x: { $gt: 0 } })
      .toArray();
    expect(rows.length).to.be.within(1, 2);
  });

  it('hangs up on bytes that are no message, and serves the others on', async function () {
    skipOn(this, target, ['mongodb', 'documentdb'], 'not ours to test');
    const { port } = new URL(target.url);
    for (const bytes of [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(16, 0xff),
      header(2013, 21),
      header(9999, 20),
      Buffer.alloc(64),
    ]) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => {});
      socket.write(bytes);
      await once(socket, 'close');
    }
    expect(await target.db.command({ ping: 1 })).to.include({ ok: 1 });
  });
});

/** A message of nothing but zeros after its header. */
function header(opCode: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeInt32LE(length, 0);
  bytes.writeInt32LE(opCode, 12);
  return bytes;
}
