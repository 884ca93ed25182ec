import type { Collection } from '../collection.ts';
import { equal } from '../compare.ts';
import type { Cursors } from '../cursors.ts';
import { fail } from '../errors.ts';
import type { Variables } from '../expression-parts.ts';
import type { Store } from '../store.ts';
import { type Doc, isDoc, show, toNumber, typeName } from '../values.ts';

export interface Call {
  name: string;
  command: Doc;
  /** Name of the database that the command is for. */
  db: string;
  store: Store;
  cursors: Cursors;
  connectionId: number;
}

export interface Command {
  /** Fields besides the command's name and the generic ones; any other is refused (40415). `hello` takes any. */
  fields: string[] | 'any';
  /** The database is made if it is not there, and the answer waits until the journal is on disk. */
  writes?: boolean;
  run: (call: Call) => Doc;
}

const GENERIC_FIELDS = new Set(
  '$db $readPreference $clusterTime lsid txnNumber autocommit startTransaction maxTimeMS comment readConcern writeConcern apiVersion apiStrict apiDeprecationErrors'.split(
    ' ',
  ),
);

/** Refuses unknown fields, transactions, and read or write concerns that a single server cannot give. */
export function checkCommand(command: Doc, name: string, fields: Command['fields']): void {
  if (fields === 'any') return;
  onlyFields(command, [name, ...fields, ...GENERIC_FIELDS], name);
  if (
    command.txnNumber !== undefined ||
    command.startTransaction !== undefined ||
    command.autocommit !== undefined
  ) {
    fail(20, 'Transaction numbers are only allowed on a replica set member or mongos');
  }
  if (command.apiVersion !== undefined && command.apiVersion !== '1') fail(322, 'API version must be "1"');
  if (command.maxTimeMS !== undefined && !(toNumber(command.maxTimeMS)! >= 0)) {
    fail(2, `maxTimeMS must be a non-negative number, found: ${show(command.maxTimeMS)}`);
  }
  checkReadConcern(command.readConcern);
  checkWriteConcern(command.writeConcern);
}

function checkReadConcern(concern: unknown): void {
  if (!isDoc(concern)) return;
  const level = concern.level ?? 'local';
  if (level === 'snapshot' || level === 'linearizable' || concern.afterClusterTime !== undefined) {
    fail(123, `node needs to be a replica set member to use read concern ${show(concern)}`);
  }
  if (!['local', 'available', 'majority'].includes(String(level)))
    fail(9, `unknown read concern level ${show(level)}`);
}

function checkWriteConcern(concern: unknown): void {
  if (!isDoc(concern) || concern.w === undefined || concern.w === 'majority') return;
  const w = toNumber(concern.w);
  if (w === undefined)
    fail(
      2,
      `cannot use non-majority 'w' mode ${show(concern.w)} when a host is not a member of a replica set`,
    );
  if (w > 1) fail(2, "cannot use 'w' > 1 when a host is not replicated");
  if (w < 0) fail(9, 'w has to be a non-negative number');
}

export function onlyFields(doc: Doc, fields: string[], where: string): void {
  const unknown = Object.keys(doc).find((key) => !fields.includes(key));
  if (unknown !== undefined) fail(40415, `BSON field '${where}.${unknown}' is an unknown field.`);
}

export function requireFields(doc: Doc, fields: string[], where: string): void {
  const missing = fields.find((field) => doc[field] === undefined);
  if (missing !== undefined) fail(40414, `BSON field '${where}.${missing}' is missing but a required field`);
}

/** The collection's name that is the command's first value. */
export function collectionName({ command, name, db }: Call): string {
  const value = command[name];
  if (typeof value !== 'string') fail(73, `collection name has invalid type ${typeName(value)}`);
  if (value === '') fail(73, `Invalid namespace specified '${db}.'`);
  return value;
}

export function collectionOf(call: Call): Collection | undefined {
  return call.store.databases.get(call.db)?.collections.get(collectionName(call));
}

/** The collection, created if it is not there. */
export function collectionToWrite(call: Call): Collection {
  const database = call.store.databases.get(call.db)!;
  return collectionOf(call) ?? database.create(collectionName(call));
}

/** A field that has to be an object if given. */
export function docField(command: Doc, field: string, where: string): Doc | undefined {
  const value = command[field];
  if (value === undefined) return undefined;
  if (isDoc(value)) return value;
  return fail(
    14,
    `BSON field '${where}.${field}' is the wrong type '${typeName(value)}', expected type 'object'`,
  );
}

export function arrayField(command: Doc, field: string, where: string): unknown[] {
  const value = command[field];
  if (Array.isArray(value)) return value;
  if (value === undefined) fail(40414, `BSON field '${where}.${field}' is missing but a required field`);
  return fail(
    14,
    `BSON field '${where}.${field}' is the wrong type '${typeName(value)}', expected type 'array'`,
  );
}

/** Only the simple collation is known here. */
export function checkCollation(collation: unknown): void {
  if (collation === undefined || (isDoc(collation) && collation.locale === 'simple')) return;
  if (isDoc(collation) && Object.keys(collation).length === 0) return;
  fail(238, 'collations other than {locale: "simple"} are not supported by this server');
}

/** A hint changes nothing here, but one to an index that is not there is an error, as in MongoDB. */
export function checkHint(hint: unknown, collection: Collection | undefined): void {
  if (hint === undefined || (isDoc(hint) && (Object.keys(hint).length === 0 || '$natural' in hint))) return;
  if (collection === undefined) return;
  const specs = [...collection.indexes.values()].map(({ spec }) => spec);
  if (specs.some(({ name, key }) => name === hint || equal(key, hint))) return;
  fail(
    2,
    `error processing query: ns=${collection.namespace} planner returned error :: caused by :: hint provided does not correspond to an existing index`,
  );
}

/** Refuses options that would change the result and are not built; false and empty values are harmless. */
export function refuseOptions(command: Doc, name: string, options: string[]): void {
  for (const option of options) {
    const value = command[option];
    const harmless =
      value === undefined || value === false || (isDoc(value) && Object.keys(value).length === 0);
    if (!harmless) fail(238, `${name} option '${option}' is not supported by this server`);
  }
}

/** Variables of the `let` option, and `$$NOW`. */
export function variablesOf(constants: unknown): Variables {
  const variables: Variables = { NOW: new Date() };
  for (const [name, value] of Object.entries(isDoc(constants) ? constants : {})) {
    if (typeof value === 'string' && value.startsWith('$'))
      fail(238, "expressions in 'let' are not supported by this server");
    variables[name] = isDoc(value) && '$literal' in value ? value.$literal : value;
  }
  return variables;
}
