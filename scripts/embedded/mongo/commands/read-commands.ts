import { UUID } from 'bson';
import { hashKey } from '../compare.ts';
import { sizeOf } from '../cursors.ts';
import { fail } from '../errors.ts';
import { compileFilter } from '../filter.ts';
import type { Position } from '../paths.ts';
import { valuesAt } from '../paths.ts';
import { compilePipeline, compileReading, type Scope, type Source } from '../pipeline.ts';
import { compileProjection } from '../projection.ts';
import { compileSort } from '../sort.ts';
import { type Doc, toNumber, typeName } from '../values.ts';
import {
  arrayField,
  type Call,
  type Command,
  checkCollation,
  checkHint,
  collectionName,
  collectionOf,
  docField,
  refuseOptions,
  variablesOf,
} from './command.ts';

/** Documents of the collection that pass, sorted and cut. */
function query(call: Call, filterField: string): Doc[] {
  const { command, name } = call;
  const collection = collectionOf(call);
  const filter = docField(command, filterField, name) ?? {};
  const variables = variablesOf(docField(command, 'let', name));
  const matches = compileFilter(filter, variables);
  const sort = compileSort(docField(command, 'sort', name) ?? {});
  checkCollation(command.collation);
  checkHint(command.hint, collection);
  const skip = command.skip === undefined ? 0 : sizeOf(command.skip, 'skip');
  const limit =
    command.limit === undefined ? 0 : Math.abs(toNumber(command.limit) ?? sizeOf(command.limit, 'limit'));
  const end = limit === 0 ? undefined : skip + limit;
  const sorting = Object.keys((command.sort ?? {}) as Doc).length > 0;
  const found = collection?.matching(filter, matches, variables, sorting ? undefined : end) ?? [];
  const docs = found.map(({ doc }) => doc);
  return (sorting ? sort(docs) : docs).slice(skip, end);
}

function find(call: Call): Doc {
  const { command, name, db, cursors } = call;
  if (command.tailable === true || command.awaitData === true) {
    fail(
      2,
      `error processing query: ns=${db}.${collectionName(call)} tailable cursor requested on non capped collection`,
    );
  }
  refuseOptions(command, name, ['returnKey', 'showRecordId', 'min', 'max', 'oplogReplay']);
  if (command.limit !== undefined) sizeOf(command.limit, 'limit');
  const variables = variablesOf(command.let);
  const projection = docField(command, 'projection', name) ?? {};
  const empty = Object.keys(projection).length === 0;
  const project = empty
    ? undefined
    : compileProjection(projection, { scope: Object.keys(variables), find: true });
  const matches = compileFilter(command.filter ?? {}, variables);
  const docs = query(call, 'filter').map((doc) => {
    if (project === undefined) return doc;
    const position: Position = {};
    matches(doc, position);
    return project(doc, variables, position.index);
  });
  return cursors.firstBatch(
    `${db}.${collectionName(call)}`,
    docs,
    command.batchSize,
    command.singleBatch === true,
  );
}

/** Reads of a collection for pipelines; one that does not exist is empty. */
export function sourceOf(call: Call, name: string): Source {
  const collection = call.store.databases.get(call.db)?.collections.get(name);
  return (filter, variables) =>
    collection?.matching(filter, compileFilter(filter, variables), variables).map(({ doc }) => doc) ?? [];
}

function aggregate(call: Call): Doc {
  const { command, name, db, cursors } = call;
  refuseOptions(command, name, ['explain', 'exchange']);
  checkCollation(command.collation);
  if (command.aggregate === 1)
    fail(73, '{aggregate: 1} is not valid for this pipeline: it needs a collection');
  const cursor = docField(command, 'cursor', name);
  if (cursor === undefined)
    fail(9, "The 'cursor' option is required, except for aggregate with the explain argument");
  checkHint(command.hint, collectionOf(call));
  const variables = variablesOf(docField(command, 'let', name));
  const scope: Scope = { scope: Object.keys(variables), foreign: (from) => sourceOf(call, from) };
  const stages = arrayField(command, 'pipeline', name);
  compilePipeline(stages, scope);
  const docs = compileReading(stages, scope)(sourceOf(call, collectionName(call)), variables);
  return cursors.firstBatch(`${db}.${collectionName(call)}`, docs, cursor.batchSize);
}

function distinct(call: Call): Doc {
  const { key } = call.command;
  if (typeof key !== 'string')
    fail(14, `BSON field 'distinct.key' is the wrong type '${typeName(key)}', expected type 'string'`);
  const values = new Map<string, unknown>();
  for (const doc of query(call, 'query')) {
    for (const value of valuesAt(doc, key)) if (value !== undefined) values.set(hashKey(value), value);
  }
  return { values: [...values.values()], ok: 1 };
}

function listDatabases({ command, name, store }: Call): Doc {
  const matches = compileFilter(docField(command, 'filter', name) ?? {});
  const databases = [...store.databases.values()]
    .filter(({ collections }) => collections.size > 0)
    .map((database) =>
      command.nameOnly === true
        ? { name: database.name }
        : { name: database.name, sizeOnDisk: 0, empty: false },
    )
    .filter((database) => matches(database));
  return { databases, ...(command.nameOnly === true ? {} : { totalSize: 0, totalSizeMb: 0 }), ok: 1 };
}

function listCollections({ command, name, db, store, cursors }: Call): Doc {
  const matches = compileFilter(docField(command, 'filter', name) ?? {});
  const collections = [...(store.databases.get(db)?.collections.values() ?? [])]
    .map((collection) => ({
      name: collection.name,
      type: 'collection',
      options: collection.options,
      info: { readOnly: false, uuid: new UUID(collection.uuid.toHexString()) },
      idIndex: { v: 2, key: { _id: 1 }, name: '_id_' },
    }))
    .filter((collection) => matches(collection))
    .map((collection) =>
      command.nameOnly === true ? { name: collection.name, type: 'collection' } : collection,
    );
  return cursors.firstBatch(
    `${db}.$cmd.listCollections`,
    collections,
    (command.cursor as Doc | undefined)?.batchSize,
  );
}

function listIndexes(call: Call): Doc {
  const collection = collectionOf(call);
  if (collection === undefined) fail(26, `ns does not exist: ${call.db}.${collectionName(call)}`);
  const specs = [...collection.indexes.values()].map(({ spec }) =>
    spec.name === '_id_' ? { v: 2, key: { _id: 1 }, name: '_id_' } : spec,
  );
  return call.cursors.firstBatch(
    collection.namespace,
    specs,
    (call.command.cursor as Doc | undefined)?.batchSize,
  );
}

function getMore({ command, db, cursors }: Call): Doc {
  return cursors.nextBatch(command.getMore, `${db}.${String(command.collection)}`, command.batchSize);
}

export const READ_COMMANDS: Record<string, Command> = {
  find: {
    fields:
      'filter projection sort skip limit batchSize singleBatch hint let collation allowDiskUse noCursorTimeout allowPartialResults tailable awaitData returnKey showRecordId min max oplogReplay'.split(
        ' ',
      ),
    run: find,
  },
  aggregate: {
    fields: 'pipeline cursor hint let collation allowDiskUse explain exchange bypassDocumentValidation'.split(
      ' ',
    ),
    run: aggregate,
  },
  count: {
    fields: ['query', 'limit', 'skip', 'hint', 'collation', 'fields'],
    run: (call) => ({ n: query(call, 'query').length, ok: 1 }),
  },
  distinct: { fields: ['key', 'query', 'collation', 'hint'], run: distinct },
  listDatabases: { fields: ['filter', 'nameOnly', 'authorizedDatabases'], run: listDatabases },
  listCollections: {
    fields: ['filter', 'nameOnly', 'authorizedCollections', 'cursor'],
    run: listCollections,
  },
  listIndexes: { fields: ['cursor'], run: listIndexes },
  getMore: { fields: ['collection', 'batchSize'], run: getMore },
  killCursors: {
    fields: ['cursors'],
    run: ({ command, name, cursors }) => cursors.kill(arrayField(command, 'cursors', name)),
  },
};
