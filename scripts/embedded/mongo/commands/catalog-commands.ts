import type { Collection } from '../collection.ts';
import { equal, identical } from '../compare.ts';
import { fail } from '../errors.ts';
import { compileFilter } from '../filter.ts';
import type { IndexSpec } from '../record-index.ts';
import { type Doc, isDoc, isNumber, show, toNumber, typeName } from '../values.ts';
import {
  arrayField,
  type Call,
  type Command,
  checkCollation,
  collectionName,
  collectionOf,
  refuseOptions,
} from './command.ts';

function create(call: Call): Doc {
  const { command, name, db, store } = call;
  refuseOptions(
    command,
    name,
    'capped size max timeseries viewOn pipeline clusteredIndex changeStreamPreAndPostImages encryptedFields validator expireAfterSeconds storageEngine indexOptionDefaults'.split(
      ' ',
    ),
  );
  checkCollation(command.collation);
  const collection = collectionName(call);
  if (collectionOf(call) !== undefined) fail(48, `Collection ${db}.${collection} already exists.`);
  store.databases.get(db)!.create(collection);
  return { ok: 1 };
}

function drop(call: Call): Doc {
  const collection = collectionOf(call);
  if (collection === undefined) return { ok: 1 };
  call.store.databases.get(call.db)!.drop(collection.name);
  return { nIndexesWas: collection.indexes.size, ns: collection.namespace, ok: 1 };
}

function dropDatabase({ db, store }: Call): Doc {
  const database = store.databases.get(db);
  for (const name of [...(database?.collections.keys() ?? [])]) database!.drop(name);
  return { dropped: db, ok: 1 };
}

const INDEX_OPTIONS =
  'key name unique sparse partialFilterExpression expireAfterSeconds v background ns hidden collation'.split(
    ' ',
  );
const UNBUILT_OPTIONS =
  'weights default_language language_override textIndexVersion 2dsphereIndexVersion bits min max storageEngine wildcardProjection prepareUnique bucketSize'.split(
    ' ',
  );
const PARTIAL_OPERATORS = ['$eq', '$gt', '$gte', '$lt', '$lte', '$exists', '$type', '$in', '$and', '$or'];

function parseIndex(given: unknown): IndexSpec {
  if (!isDoc(given)) fail(14, "BSON field 'createIndexes.indexes' must hold objects");
  for (const option of Object.keys(given)) {
    if (UNBUILT_OPTIONS.includes(option))
      fail(238, `index option '${option}' is not supported by this server`);
    if (!INDEX_OPTIONS.includes(option)) {
      fail(
        197,
        `Error in specification ${show(given)} :: caused by :: The field '${option}' is not valid for an index specification. Specification: ${show(given)}`,
      );
    }
  }
  const { key, name, unique, sparse, partialFilterExpression, expireAfterSeconds, hidden, collation } = given;
  if (!isDoc(key))
    fail(
      9,
      `Error in specification ${show(given)} :: caused by :: The 'key' field is a required property of an index specification`,
    );
  if (typeof name !== 'string')
    fail(
      9,
      `Error in specification ${show(given)} :: caused by :: The 'name' field is a required property of an index specification`,
    );
  checkKey(key);
  if (name === '') fail(67, 'Cannot specify an empty index name');
  if (name === '_id_' && !equal(key, { _id: 1 })) {
    fail(2, "The index name '_id_' is reserved for the _id index");
  }
  if (hidden === true) fail(238, "index option 'hidden' is not supported by this server");
  checkCollation(collation);
  const spec: IndexSpec = { v: 2, key, name };
  if (isTrue(unique, 'unique')) spec.unique = true;
  if (isTrue(sparse, 'sparse')) spec.sparse = true;
  if (partialFilterExpression !== undefined) {
    if (!isDoc(partialFilterExpression)) fail(14, "'partialFilterExpression' must be an object");
    if (spec.sparse === true) fail(67, 'cannot mix "partialFilterExpression" and "sparse" options');
    compileFilter(partialFilterExpression);
    checkPartial(partialFilterExpression);
    spec.partialFilterExpression = partialFilterExpression;
  }
  if (expireAfterSeconds !== undefined) {
    const seconds = toNumber(expireAfterSeconds);
    if (seconds === undefined || seconds < 0 || seconds > 2 ** 31 - 1) {
      fail(
        67,
        `TTL index 'expireAfterSeconds' option must be within an acceptable range, found: ${show(expireAfterSeconds)}`,
      );
    }
    if (Object.keys(key).length > 1)
      fail(
        67,
        `TTL indexes are single-field indexes, compound indexes do not support TTL. Index spec: ${show(given)}`,
      );
    if ('_id' in key)
      fail(197, `The field 'expireAfterSeconds' is not valid for an _id index specification.`);
    spec.expireAfterSeconds = expireAfterSeconds;
  }
  return spec;
}

function isTrue(value: unknown, option: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  return isNumber(value)
    ? toNumber(value) !== 0
    : fail(14, `The field '${option}' has value ${show(value)}, which is not convertible to bool`);
}

function checkKey(key: Doc): void {
  if (Object.keys(key).length === 0) fail(67, 'Index keys cannot be an empty object');
  for (const [path, direction] of Object.entries(key)) {
    const parts = path.split('.');
    if (parts.includes('')) fail(67, 'Index keys cannot contain an empty field.');
    if (parts.includes('$**')) fail(238, 'wildcard indexes are not supported by this server');
    if (parts.some((part) => part.startsWith('$')))
      fail(67, `Index key contains an illegal field name: field name starts with '$'.`);
    if (typeof direction === 'string') {
      const known = ['text', 'hashed', '2d', '2dsphere'].includes(direction);
      fail(
        known ? 238 : 67,
        known
          ? `${direction} indexes are not supported by this server`
          : `Unknown index plugin '${direction}'`,
      );
    }
    const n = toNumber(direction);
    if (n === undefined)
      fail(
        67,
        `Values in v:2 index key pattern cannot be of type ${typeName(direction)}. Only numbers > 0, numbers < 0, and strings are allowed.`,
      );
    if (n === 0 || Number.isNaN(n)) fail(67, 'Values in the index key pattern cannot be 0.');
  }
}

function checkPartial(filter: Doc): void {
  for (const [key, operand] of Object.entries(filter)) {
    if (
      key.startsWith('$') &&
      (!PARTIAL_OPERATORS.includes(key) || (key === '$exists' && operand !== true))
    ) {
      fail(67, `Expression not supported in partial index: ${show(filter)}`);
    }
    for (const part of Array.isArray(operand) && (key === '$and' || key === '$or') ? operand : [operand]) {
      if (isDoc(part)) checkPartial(part);
    }
  }
}

/** Whether the index is there already. Throws 85 or 86 where it clashes with one that is. */
function exists(collection: Collection, spec: IndexSpec): boolean {
  const described = (other: IndexSpec) => `Requested index: ${show(spec)}, existing index: ${show(other)}`;
  const same = (other: IndexSpec, options: (keyof IndexSpec)[]) =>
    options.every((option) => identical(spec[option], other[option]));
  for (const { spec: other } of collection.indexes.values()) {
    const alike =
      identical(spec.key, other.key) &&
      same(other, ['partialFilterExpression']) &&
      (spec.name === '_id_' || same(other, ['unique', 'sparse']));
    if (other.name === spec.name) {
      if (!alike) {
        fail(
          86,
          `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. ${described(other)}`,
        );
      }
      if (!same(other, ['expireAfterSeconds'])) {
        fail(
          85,
          `An equivalent index already exists with the same name but different options. ${described(other)}`,
        );
      }
      return true;
    }
  }
  for (const { spec: other } of collection.indexes.values()) {
    const isId = other.name === '_id_' && equal(spec.key, { _id: 1 });
    if (isId) return true;
    if (identical(spec.key, other.key) && same(other, ['partialFilterExpression', 'unique', 'sparse'])) {
      const options = same(other, ['expireAfterSeconds']);
      fail(
        85,
        options
          ? `Index already exists with a different name: ${other.name}`
          : `An equivalent index already exists with a different name and options. ${described(other)}`,
      );
    }
  }
  return false;
}

function createIndexes(call: Call): Doc {
  const specs = arrayField(call.command, 'indexes', call.name).map(parseIndex);
  if (specs.length === 0) fail(2, 'Must specify at least one index to create');
  const existing = collectionOf(call);
  const collection = existing ?? call.store.databases.get(call.db)!.create(collectionName(call));
  const before = collection.indexes.size;
  const added: string[] = [];
  try {
    for (const spec of specs) {
      if (exists(collection, spec)) continue;
      collection.addIndex(spec);
      added.push(spec.name);
    }
  } catch (error) {
    for (const name of added) collection.dropIndex(name);
    throw error;
  }
  return {
    numIndexesBefore: before,
    numIndexesAfter: collection.indexes.size,
    ...(added.length === 0 ? { note: 'all indexes already exist' } : {}),
    createdCollectionAutomatically: existing === undefined,
    ok: 1,
  };
}

function dropIndexes(call: Call): Doc {
  const collection = collectionOf(call);
  if (collection === undefined) fail(26, `ns not found ${call.db}.${collectionName(call)}`);
  const nIndexesWas = collection.indexes.size;
  const { index } = call.command;
  if (index === '*') {
    for (const name of [...collection.indexes.keys()]) if (name !== '_id_') collection.dropIndex(name);
    return { nIndexesWas, msg: 'non-_id indexes dropped for collection', ok: 1 };
  }
  const names = (Array.isArray(index) ? index : [index]).map((wanted) => {
    const found = [...collection.indexes.values()].find(
      ({ spec }) => spec.name === wanted || (isDoc(wanted) && identical(spec.key, wanted)),
    );
    if (found === undefined) {
      return fail(
        27,
        isDoc(wanted)
          ? `can't find index with key: ${show(wanted)}`
          : `index not found with name [${String(wanted)}]`,
      );
    }
    return found.spec.name === '_id_' ? fail(72, 'cannot drop _id index') : found.spec.name;
  });
  for (const name of names) collection.dropIndex(name);
  return { nIndexesWas, ok: 1 };
}

export const CATALOG_COMMANDS: Record<string, Command> = {
  create: {
    fields:
      'capped size max timeseries viewOn pipeline clusteredIndex changeStreamPreAndPostImages encryptedFields validator validationLevel validationAction collation expireAfterSeconds storageEngine indexOptionDefaults autoIndexId idIndex'.split(
        ' ',
      ),
    writes: true,
    run: create,
  },
  drop: { fields: [], writes: true, run: drop },
  dropDatabase: { fields: [], writes: true, run: dropDatabase },
  createIndexes: {
    fields: ['indexes', 'commitQuorum', 'ignoreUnknownIndexOptions'],
    writes: true,
    run: createIndexes,
  },
  dropIndexes: { fields: ['index'], writes: true, run: dropIndexes },
};
