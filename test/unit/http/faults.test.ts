import { expect } from 'chai';
import mongoose from 'mongoose';
import { z } from 'zod';
import { errorBody, errorStatus } from '#contract/errors.ts';
import { errorBodyOf, invalid } from '#http/error-answer.ts';
import { AppError } from '#kernel/errors.ts';
import { faultOf } from '#kernel/faults.ts';
import { createLog } from '#kernel/log.ts';
import { duplicateKeyFields } from '#kernel/mongo.ts';
import { createRedis } from '#kernel/redis.ts';

describe('A fault', () => {
  it('keeps its own code, and is internal when nobody gave it one', () => {
    expect(faultOf(new AppError('slot.full', 'Full.')).code).to.equal('slot.full');
    expect(faultOf(new TypeError('x is undefined')).code).to.equal('internal');
    expect(faultOf('thrown by hand').code).to.equal('internal');
  });

  it('of a MongoDB that is not there is the store’s', async function () {
    this.timeout(10_000);
    const url = 'mongodb://127.0.0.1:9/none?serverSelectionTimeoutMS=200';
    const failure = await mongoose
      .createConnection(url, { serverSelectionTimeoutMS: 200 })
      .asPromise()
      .catch((error: unknown) => error);
    expect(faultOf(failure)).to.include({ code: 'store.unavailable', status: 503, blame: 'destination' });
  });

  it('of a Redis that is not there is the store’s', async () => {
    const redis = createRedis('redis://127.0.0.1:9', createLog('test', 'silent'));
    const failure = await redis.get('key').catch((error: unknown) => error);
    redis.disconnect();
    expect(faultOf(failure).code).to.equal('store.unavailable');
  });

  it('never says more than a sentence about our own mistakes', () => {
    const body = errorBodyOf(faultOf(new Error('password=hunter2')), 'req_1');
    expect(JSON.stringify(body)).to.not.include('hunter2');
    expect(errorBody.parse(body).error.requestId).to.equal('req_1');
  });

  it('of a unique index names the index’s fields', () => {
    const refused = Object.assign(new Error('E11000'), { code: 11_000, keyPattern: { slotId: 1, seat: 1 } });
    expect(duplicateKeyFields(refused)).to.deep.equal(['slotId', 'seat']);
    expect(duplicateKeyFields(new Error('something else'))).to.equal(null);
  });
});

describe('An invalid request', () => {
  it('is told with every field’s path and a sentence for the first', () => {
    const schema = z.strictObject({ seats: z.number().int(), name: z.object({ en: z.string() }) });
    const { error } = schema.safeParse({ seats: 1.5, name: {}, extra: 1 });
    const fault = invalid('body', error!);
    expect(fault.code).to.equal('request.invalid');
    expect(fault.message).to.match(/^The request is not valid: body\.\S+: .+ \(and 2 more\)\.$/);
    const fields = fault.details?.fields as { path: string }[];
    expect(fields.map(({ path }) => path)).to.include.members(['body.seats', 'body.name.en', 'body']);
  });
});

describe('Error codes', () => {
  it('are all answered with an error status', () => {
    for (const [code, status] of Object.entries(errorStatus)) {
      expect(status, code).to.be.within(400, 503);
    }
  });
});
