import { ObjectId } from 'bson';
import type { Collection } from '../collection.ts';
import { identical } from '../compare.ts';
import { CommandError, fail } from '../errors.ts';
import { compileFilter } from '../filter.ts';
import type { Position } from '../paths.ts';
import { compileProjection } from '../projection.ts';
import type { StoredRecord } from '../record-index.ts';
import { compileSort } from '../sort.ts';
import { compileUpdate, documentFromQuery, type Update } from '../update.ts';
import { type Doc, isDoc, show, toNumber } from '../values.ts';
import {
  arrayField,
  type Call,
  type Command,
  checkCollation,
  checkHint,
  collectionOf,
  collectionToWrite,
  docField,
  onlyFields,
  refuseOptions,
  requireFields,
  variablesOf,
} from './command.ts';

const MAX_BATCH = 100_000;

/**
 * Runs the statements of a batch; failed ones become `writeErrors`, and end it if it is ordered. A statement that
 * does not pass `check` fails the whole command before anything is done.
 */
function batch(
  call: Call,
  field: string,
  check: (statement: Doc) => void,
  run: (statement: Doc, index: number) => void,
): Doc {
  const { command, name } = call;
  const statements = arrayField(command, field, name);
  if (statements.length < 1 || statements.length > MAX_BATCH) {
    fail(16, `Write batch sizes must be between 1 and ${MAX_BATCH}. Got ${statements.length} operations.`);
  }
  if (!statements.every(isDoc)) fail(14, `BSON field '${name}.${field}' must hold objects`);
  statements.forEach(check);
  const writeErrors: Doc[] = [];
  for (const [index, statement] of statements.entries()) {
    try {
      run(statement, index);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      writeErrors.push({ index, code: error.code, errmsg: error.message, ...error.extra });
      if (command.ordered !== false) break;
    }
  }
  return writeErrors.length > 0 ? { writeErrors } : {};
}

function insert(call: Call): Doc {
  const collection = collectionToWrite(call);
  let n = 0;
  const errors = batch(
    call,
    'documents',
    () => {},
    (doc) => {
      collection.insert(doc);
      n++;
    },
  );
  return { n, ...errors, ok: 1 };
}

interface Written {
  matched: number;
  modified: number;
  /** `_id` of the document that an upsert inserted. */
  upserted?: unknown;
  before?: Doc;
  after?: Doc;
}

/** Picks the records to change, given how to find at most so many. */
type Choice = (find: (most?: number) => StoredRecord[]) => StoredRecord[];

interface Statement {
  filter: Doc;
  update: Update;
  replacing: boolean;
  variables: Doc;
  upsert: boolean;
}

function change(
  collection: Collection,
  record: StoredRecord,
  { update }: Statement,
  position: Position,
): boolean {
  const matchedIndex = position.index === undefined ? {} : { matchedIndex: position.index };
  const after = update(record.doc, { ...matchedIndex, inserting: false });
  if (identical(record.doc, after)) return false;
  collection.replace(record, after);
  return true;
}

function updateRecords(collection: Collection, statement: Statement, choose: Choice): Written {
  const { filter, variables } = statement;
  const matches = compileFilter(filter, variables);
  const chosen = choose((most) => collection.matching(filter, matches, variables, most));
  const written: Written = { matched: chosen.length, modified: 0 };
  for (const record of chosen) {
    const position: Position = {};
    matches(record.doc, position);
    written.before = record.doc;
    if (change(collection, record, statement, position)) written.modified++;
    written.after = record.doc;
  }
  if (chosen.length > 0 || !statement.upsert) return written;
  const fresh = statement.update(documentFromQuery(filter, statement.replacing), { inserting: true });
  const { _id = new ObjectId(), ...rest } = fresh;
  const { doc } = collection.insert({ _id, ...rest });
  return { matched: 0, modified: 0, upserted: doc._id, after: doc };
}

const isReplacement = (update: unknown): boolean =>
  isDoc(update) && Object.keys(update)[0]?.startsWith('$') !== true;

const UPDATE_FIELDS = 'q u multi upsert arrayFilters collation hint upsertSupplied c sort'.split(' ');

function update(call: Call): Doc {
  const { command } = call;
  const variables = variablesOf(docField(command, 'let', 'update'));
  const result = { n: 0, nModified: 0 };
  const upserted: Doc[] = [];
  const check = (item: Doc) => {
    onlyFields(item, UPDATE_FIELDS, 'update.updates');
    requireFields(item, ['q', 'u'], 'update.updates');
    refuseOptions(item, 'update', ['c', 'sort']);
    checkCollation(item.collation);
    docField(item, 'q', 'update.updates');
    if (item.arrayFilters !== undefined) arrayField(item, 'arrayFilters', 'update.updates');
    if (!isDoc(item.u) && !Array.isArray(item.u))
      fail(9, 'Update argument must be either an object or an array');
  };
  const errors = batch(call, 'updates', check, (item, index) => {
    const filter = item.q as Doc;
    const multi = item.multi === true;
    const compiled = compileUpdate(item.u, { arrayFilters: item.arrayFilters, variables, multi });
    const upsert = item.upsert === true;
    const collection = upsert ? collectionToWrite(call) : collectionOf(call);
    checkHint(item.hint, collection);
    compileFilter(filter, variables);
    if (collection === undefined) return;
    const statement = { filter, update: compiled, replacing: isReplacement(item.u), variables, upsert };
    const written = updateRecords(collection, statement, (find) => find(multi ? undefined : 1));
    result.n += written.matched;
    result.nModified += written.modified;
    if ('upserted' in written) {
      result.n++;
      upserted.push({ index, _id: written.upserted });
    }
  });
  return {
    n: result.n,
    ...(upserted.length > 0 ? { upserted } : {}),
    nModified: result.nModified,
    ...errors,
    ok: 1,
  };
}

function remove(call: Call): Doc {
  const variables = variablesOf(docField(call.command, 'let', 'delete'));
  let n = 0;
  const check = (item: Doc) => {
    onlyFields(item, ['q', 'limit', 'collation', 'hint'], 'delete.deletes');
    requireFields(item, ['q', 'limit'], 'delete.deletes');
    checkCollation(item.collation);
    docField(item, 'q', 'delete.deletes');
    const limit = toNumber(item.limit);
    if (limit !== 0 && limit !== 1) {
      fail(9, `The limit field in delete objects must be 0 or 1. Got ${show(item.limit)}`);
    }
  };
  const errors = batch(call, 'deletes', check, (item) => {
    const filter = item.q as Doc;
    const matches = compileFilter(filter, variables);
    const collection = collectionOf(call);
    checkHint(item.hint, collection);
    const most = toNumber(item.limit) === 1 ? 1 : undefined;
    for (const record of collection?.matching(filter, matches, variables, most) ?? []) {
      collection!.remove(record);
      n++;
    }
  });
  return { n, ...errors, ok: 1 };
}

function findAndModify(call: Call): Doc {
  const { command, name } = call;
  const variables = variablesOf(docField(command, 'let', name));
  const filter = docField(command, 'query', name) ?? {};
  const removing = command.remove === true;
  const upsert = command.upsert === true;
  const returnNew = command.new === true;
  if (removing && command.update !== undefined) fail(9, "Cannot specify both an 'update' and 'remove'=true");
  if (!removing && command.update === undefined)
    fail(9, "Either an update or 'remove'=true must be specified");
  if (removing && upsert) fail(9, "Cannot specify both 'upsert'=true and 'remove'=true");
  if (removing && returnNew)
    fail(9, "Cannot specify both 'new'=true and 'remove'=true; 'remove' always returns the deleted document");
  checkCollation(command.collation);
  const matches = compileFilter(filter, variables);
  const sort = compileSort(docField(command, 'sort', name) ?? {});
  const fields = docField(command, 'fields', name) ?? {};
  const project =
    Object.keys(fields).length === 0
      ? undefined
      : compileProjection(fields, { scope: Object.keys(variables), find: true });
  const view = (doc: Doc | undefined): Doc | null => {
    if (doc === undefined) return null;
    const position: Position = {};
    matches(doc, position);
    return project === undefined ? doc : project(doc, variables, position.index);
  };
  const first: Choice = (find) => {
    if (command.sort === undefined) return find(1);
    const byDoc = new Map(find().map((record) => [record.doc, record]));
    return sort([...byDoc.keys()])
      .slice(0, 1)
      .map((doc) => byDoc.get(doc)!);
  };
  const collection = upsert ? collectionToWrite(call) : collectionOf(call);
  checkHint(command.hint, collection);
  if (removing) {
    const [record] = first((most) => collection?.matching(filter, matches, variables, most) ?? []);
    if (record !== undefined) collection!.remove(record);
    return { lastErrorObject: { n: record === undefined ? 0 : 1 }, value: view(record?.doc), ok: 1 };
  }
  const compiled = compileUpdate(command.update, { arrayFilters: command.arrayFilters, variables });
  const statement = { filter, update: compiled, replacing: isReplacement(command.update), variables, upsert };
  const written =
    collection === undefined ? { matched: 0, modified: 0 } : updateRecords(collection, statement, first);
  const { matched, upserted, before, after }: Written = written;
  const n = matched + Number(upserted !== undefined);
  const lastErrorObject = {
    n,
    updatedExisting: matched > 0,
    ...(upserted === undefined ? {} : { upserted }),
  };
  return { lastErrorObject, value: view(returnNew ? after : before), ok: 1 };
}

const FIND_AND_MODIFY: Command = {
  fields:
    'query sort remove update new fields upsert arrayFilters let hint collation bypassDocumentValidation'.split(
      ' ',
    ),
  writes: true,
  run: findAndModify,
};

export const WRITE_COMMANDS: Record<string, Command> = {
  insert: { fields: ['documents', 'ordered', 'bypassDocumentValidation'], writes: true, run: insert },
  update: { fields: ['updates', 'ordered', 'let', 'bypassDocumentValidation'], writes: true, run: update },
  delete: { fields: ['deletes', 'ordered', 'let'], writes: true, run: remove },
  findAndModify: FIND_AND_MODIFY,
  findandmodify: FIND_AND_MODIFY,
};
