import { equal } from './compare.ts';
import { fail } from './errors.ts';
import type { Variables } from './expression-parts.ts';
import { compileFilter } from './filter.ts';
import { isOperatorDoc, type Matcher } from './filter-operators.ts';
import { compilePipeline } from './pipeline.ts';
import { type Change, MODIFIERS } from './update-modifiers.ts';
import { assign, checkPath, comparePaths, expandPath, readTarget } from './update-paths.ts';
import { clone, type Doc, isDoc, show, typeName } from './values.ts';

export interface UpdateOptions {
  arrayFilters?: unknown;
  variables?: Variables;
  multi?: boolean;
}

export interface Applied {
  /** Index of the array element that the filter matched, for the positional `$`. */
  matchedIndex?: number;
  /** True when an upsert inserts: `$setOnInsert` then counts. */
  inserting: boolean;
}

/** Makes the updated copy of a document. Throws PathNotViable, TypeMismatch, ImmutableField and the like. */
export type Update = (doc: Doc, applied: Applied) => Doc;

interface Modification {
  path: string[];
  name: string;
  change: Change;
}

/** Compiles the `u` of an update statement: modifiers, a replacement document or a pipeline. */
export function compileUpdate(update: unknown, options: UpdateOptions = {}): Update {
  if (Array.isArray(update)) return compilePipelineUpdate(update, options);
  if (!isDoc(update))
    fail(9, `Update argument must be either an object or an array, not ${typeName(update)}`);
  const first = Object.keys(update)[0];
  if (first === undefined || !first.startsWith('$')) return compileReplacement(update, options);
  const modifications = parseModifiers(update);
  const arrayFilters = parseArrayFilters(options.arrayFilters, modifications);
  return (doc, applied) => {
    const copy = clone(doc);
    for (const { path, name, change } of modifications) {
      if (name === '$setOnInsert' && !applied.inserting) continue;
      for (const concrete of expandPath(copy, path, { matchedIndex: applied.matchedIndex, arrayFilters })) {
        applyChange(copy, concrete, change, applied);
      }
    }
    return checkId(
      doc,
      copy,
      applied,
      "Performing an update on the path '_id' would modify the immutable field '_id'",
    );
  };
}

function applyChange(doc: Doc, path: string[], change: Change, applied: Applied): void {
  const target = readTarget(doc, path);
  const result = change(target.value, { doc, path, ...applied });
  if ('keep' in result) return;
  if ('value' in result) assign(doc, path, result.value);
  else if (target.exists) {
    if (Array.isArray(target.parent)) target.parent[Number(path.at(-1))] = null;
    else delete (target.parent as Doc)[path.at(-1)!];
  }
}

function checkId(before: Doc, after: Doc, { inserting }: Applied, message?: string): Doc {
  const same =
    before._id === undefined
      ? inserting || after._id === undefined
      : '_id' in after && equal(before._id, after._id);
  if (same) return after;
  return fail(
    66,
    message ??
      `After applying the update, the (immutable) field '_id' was found to have been altered to _id: ${show(after._id)}`,
  );
}

function compileReplacement(update: Doc, options: UpdateOptions): Update {
  const dollar = Object.keys(update).find((key) => key.startsWith('$'));
  if (dollar !== undefined) {
    fail(
      52,
      `The dollar ($) prefixed field '${dollar}' in '${dollar}' is not allowed in the context of an update's replacement ` +
        'document. Consider using an aggregation pipeline with $replaceWith.',
    );
  }
  if (options.multi === true) fail(9, 'multi update is not supported for replacement-style update');
  if (options.arrayFilters !== undefined) fail(9, 'Cannot specify arrayFilters and a non-modifier update');
  return (doc, applied) => {
    const { _id = doc._id, ...rest } = update;
    const replaced = _id === undefined ? rest : { _id, ...rest };
    return checkId(doc, replaced, applied);
  };
}

const PIPELINE_STAGES = ['$set', '$addFields', '$unset', '$project', '$replaceRoot', '$replaceWith'];

function compilePipelineUpdate(stages: unknown[], { arrayFilters, variables = {} }: UpdateOptions): Update {
  if (arrayFilters !== undefined) fail(9, 'arrayFilters may not be specified for pipeline-syle updates');
  for (const stage of stages) {
    const name = isDoc(stage) ? Object.keys(stage)[0] : undefined;
    if (name !== undefined && !PIPELINE_STAGES.includes(name))
      fail(72, `${name} is not allowed to be used within an update`);
  }
  const run = compilePipeline(stages, { scope: Object.keys(variables), foreign: () => () => [] });
  return (doc, applied) => {
    const [after] = run([doc], variables) as [Doc];
    const { _id = doc._id, ...rest } = after;
    return checkId(doc, _id === undefined ? rest : { _id, ...rest }, applied);
  };
}

function parseModifiers(update: Doc): Modification[] {
  const modifications: Modification[] = [];
  for (const [name, fields] of Object.entries(update)) {
    const compile = Object.hasOwn(MODIFIERS, name) ? MODIFIERS[name] : undefined;
    if (compile === undefined) {
      fail(
        9,
        `Unknown modifier: ${name}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    }
    if (!isDoc(fields)) {
      fail(
        9,
        `Modifiers operate on fields but we found type ${typeName(fields)} instead. For example: {$mod: {<field>: ...}} not {${name}: ${show(fields)}}`,
      );
    }
    for (const [path, operand] of Object.entries(fields)) {
      for (const { path: at, change } of compile(path, operand)) {
        modifications.push({ path: checkPath(at), name, change });
      }
    }
  }
  modifications.sort((a, b) => comparePaths(a.path, b.path));
  for (let i = 1; i < modifications.length; i++)
    checkConflict(modifications[i - 1]!.path, modifications[i]!.path);
  return modifications;
}

/** Two neighbours in path order clash if one lies in the other, or if one names elements and the other filters them. */
function checkConflict(a: string[], b: string[]): void {
  const same = a.findIndex((part, i) => part !== b[i]);
  const filters = (part: string | undefined) => part?.startsWith('$[') === true;
  if (same < 0 || filters(a[same]) !== filters(b[same])) {
    const at = (same < 0 ? a : a.slice(0, same)).join('.');
    fail(40, `Updating the path '${b.join('.')}' would create a conflict at '${at}'`);
  }
}

/** Array filters by their identifier, each compiled to test one array element. */
function parseArrayFilters(filters: unknown, modifications: Modification[]): Map<string, Matcher> {
  const compiled = new Map<string, Matcher>();
  if (filters !== undefined && !Array.isArray(filters)) fail(14, 'arrayFilters must be an array');
  for (const filter of (filters ?? []) as unknown[]) {
    if (!isDoc(filter)) fail(14, 'each array filter must be an object');
    const names = new Set(identifiers(filter));
    const [name] = names;
    if (name === undefined)
      fail(9, 'Cannot use an expression without a top-level field name in arrayFilters');
    if (names.size > 1)
      fail(
        9,
        `Error parsing array filter :: caused by :: Expected a single top-level field name, found '${[...names].join("' and '")}'`,
      );
    if (!/^[a-z][a-zA-Z0-9]*$/.test(name))
      fail(
        2,
        `Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${name}'`,
      );
    if (compiled.has(name))
      fail(9, `Found multiple array filters with the same top-level field name ${name}`);
    if (!modifications.some(({ path }) => path.includes(`$[${name}]`))) {
      fail(9, `The array filter for identifier '${name}' was not used in the update`);
    }
    const matches = compileFilter(filter);
    compiled.set(name, (element) => matches({ [name]: element }));
  }
  return compiled;
}

function identifiers(filter: Doc): string[] {
  return Object.entries(filter).flatMap(([key, operand]) => {
    if (!key.startsWith('$')) return [key.split('.')[0]!];
    return Array.isArray(operand) ? operand.flatMap((part) => (isDoc(part) ? identifiers(part) : [])) : [];
  });
}

/** The document that an upsert starts from: the equalities of the query. */
export function documentFromQuery(query: Doc, replacing: boolean): Doc {
  const doc: Doc = {};
  const seen = new Set<string>();
  const take = (filter: Doc) => {
    for (const [path, operand] of Object.entries(filter)) {
      if (path === '$and') for (const part of operand as Doc[]) take(part);
      if (path === '$or' && (operand as Doc[]).length === 1) take((operand as Doc[])[0]!);
      if (path.startsWith('$') || typeName(operand) === 'regex') continue;
      if (replacing && path !== '_id') continue;
      for (const value of equalities(operand)) {
        if (seen.has(path)) fail(54, `cannot infer query fields to set, path '${path}' is matched twice`);
        seen.add(path);
        assign(doc, path.split('.'), clone(value));
      }
    }
  };
  take(query);
  return doc;
}

/** The values that an operand demands to be equal to: `$in` of one value and `$all` count too. */
function equalities(operand: unknown): unknown[] {
  if (!isOperatorDoc(operand)) return [operand];
  const values: unknown[] = '$eq' in operand ? [operand.$eq] : [];
  if (Array.isArray(operand.$in) && operand.$in.length === 1) values.push(operand.$in[0]);
  if (Array.isArray(operand.$all)) values.push(...operand.$all);
  return values.filter((value) => typeName(value) !== 'regex' && !isOperatorDoc(value));
}
