import { explaining, fail } from './errors.ts';
import { compileExpression } from './expression.ts';
import { checkVariable, isNullish, type Variables } from './expression-parts.ts';
import { compileFilter } from './filter.ts';
import { compileGroup } from './group.ts';
import { compileAddFields, compileProjection, compileUnset } from './projection.ts';
import { compileSort } from './sort.ts';
import { asLong, type Doc, isDoc, toNumber, typeName } from './values.ts';

/** Reads documents that pass a filter, with an index where there is one. */
export type Source = (filter: Doc, variables: Variables) => Doc[];

export interface Scope {
  /** Names of the variables in scope. */
  scope: string[];
  /** The collection of that name in the same database. */
  foreign: (name: string) => Source;
}

export type Stage = (docs: Doc[], variables: Variables) => Doc[];

type StageCompiler = (spec: unknown, scope: Scope) => Stage;

/** Compiles an aggregation pipeline. Unknown stages are an error (40324), as are unknown options of known ones. */
export function compilePipeline(stages: unknown, scope: Scope): Stage {
  if (!Array.isArray(stages)) fail(14, "'pipeline' option must be specified as an array");
  const compiled = stages.map((stage) => {
    if (!isDoc(stage)) fail(14, "Each element of the 'pipeline' array must be an object");
    const [name, ...more] = Object.keys(stage);
    if (name === undefined || more.length > 0) {
      fail(40323, 'A pipeline stage specification object must contain exactly one field.');
    }
    const compile = Object.hasOwn(STAGES, name) ? STAGES[name] : undefined;
    if (compile === undefined) fail(40324, `Unrecognized pipeline stage name: '${name}'`);
    return compile(stage[name], scope);
  });
  return (docs, variables) => compiled.reduce((current, stage) => stage(current, variables), docs);
}

/** As `compilePipeline`, reading from a source: a `$match` at the start is answered by the source. */
export function compileReading(
  stages: unknown[],
  scope: Scope,
): (source: Source, variables: Variables, base?: Doc) => Doc[] {
  const [first] = stages;
  const filter = isDoc(first) && isDoc(first.$match) ? first.$match : undefined;
  const run = compilePipeline(stages, scope);
  const rest = filter === undefined ? run : compilePipeline(stages.slice(1), scope);
  return (source, variables, base = {}) => {
    const both =
      filter === undefined ? base : Object.keys(base).length === 0 ? filter : { $and: [base, filter] };
    return rest(source(both, variables), variables);
  };
}

function count(value: unknown, stage: string, least: number): number {
  const n = toNumber(value);
  if (n === undefined)
    fail(
      5107201,
      `invalid argument to ${stage} stage: Expected a number in: ${stage}: ${JSON.stringify(value)}`,
    );
  if (!Number.isInteger(n))
    fail(5107201, `invalid argument to ${stage} stage: Expected an integer: ${stage}: ${n}`);
  if (n < least)
    fail(
      least === 1 && n === 0 ? 15958 : 5107201,
      least === 1 && n === 0
        ? 'the limit must be positive'
        : `invalid argument to ${stage} stage: Expected a non-negative number in: ${stage}: ${n}`,
    );
  return n;
}

const projecting =
  (
    name: string,
    compile: (spec: unknown, scope: string[]) => (doc: Doc, variables: Variables) => Doc,
  ): StageCompiler =>
  (spec, { scope }) => {
    const project = explaining(`Invalid ${name} :: caused by :: `, () => compile(spec, scope));
    return (docs, variables) => docs.map((doc) => project(doc, variables));
  };

const replaceRoot = (expression: unknown, { scope }: Scope): Stage => {
  const evaluate = compileExpression(expression, scope);
  return (docs, variables) =>
    docs.map((doc) => {
      const root = evaluate(doc, variables);
      if (isDoc(root)) return root;
      return fail(
        40228,
        `'newRoot' expression  must evaluate to an object, but resulting value was of type: '${typeName(root)}'`,
      );
    });
};

/** Refuses fields of a stage's specification that are not among `known`. */
export function onlyKnown(spec: Doc, known: string[], code: number, stage: string): void {
  const unknown = Object.keys(spec).find((key) => !known.includes(key));
  if (unknown !== undefined) fail(code, `unknown argument to ${stage}: ${unknown}`);
}

function unwind(spec: unknown): Stage {
  const options = isDoc(spec) ? spec : { path: spec };
  onlyKnown(options, ['path', 'preserveNullAndEmptyArrays', 'includeArrayIndex'], 28811, '$unwind');
  const { path, includeArrayIndex: indexName } = options as Doc;
  if (typeof path !== 'string')
    fail(28808, `expected a string as the path for $unwind stage, got ${typeName(path)}`);
  if (!/^\$./.test(path)) fail(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  const preserve = (options as Doc).preserveNullAndEmptyArrays === true;
  const parts = path.slice(1).split('.');
  return (docs) =>
    docs.flatMap((doc) => {
      let value: unknown = doc;
      for (const part of parts) value = isDoc(value) && Object.hasOwn(value, part) ? value[part] : undefined;
      const numbered = (row: Doc, index: unknown) =>
        typeof indexName === 'string' ? { ...row, [indexName]: index } : row;
      if (!Array.isArray(value)) return isNullish(value) && !preserve ? [] : [numbered(doc, null)];
      if (value.length === 0) return preserve ? [numbered(withValue(doc, parts, undefined), null)] : [];
      return value.map((element, i) => numbered(withValue(doc, parts, element), asLong(BigInt(i))));
    });
}

/** A copy of the document with another value at the path; `undefined` takes the field away. */
function withValue(doc: Doc, [part, ...rest]: string[], value: unknown): Doc {
  const copy = { ...doc };
  if (rest.length > 0) copy[part!] = withValue(copy[part!] as Doc, rest, value);
  else if (value === undefined) delete copy[part!];
  else copy[part!] = value;
  return copy;
}

function lookup(spec: unknown, { scope, foreign }: Scope): Stage {
  if (!isDoc(spec)) fail(9, 'the $lookup specification must be an object');
  onlyKnown(spec, ['from', 'as', 'localField', 'foreignField', 'let', 'pipeline'], 9, '$lookup');
  const { from, as, localField, foreignField, pipeline } = spec;
  if (typeof from !== 'string') fail(9, "missing 'from' option to $lookup stage specification");
  if (typeof as !== 'string') fail(9, "must specify 'as' field for a $lookup");
  const byField = typeof localField === 'string' && typeof foreignField === 'string';
  if (!byField && (localField !== undefined || foreignField !== undefined || pipeline === undefined)) {
    fail(9, "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified");
  }
  const bound = Object.entries((spec.let ?? {}) as Doc).map(
    ([name, e]) => [checkVariable(name), compileExpression(e, scope)] as const,
  );
  const inner = { scope: [...scope, ...bound.map(([name]) => name)], foreign };
  const read = compileReading((pipeline ?? []) as unknown[], inner);
  const set = compileAddFields({ [as]: '$$FOUND' }, ['FOUND']);
  const local = byField ? compileExpression(`$${localField}`, []) : undefined;
  return (docs, variables) => {
    const source = foreign(from);
    return docs.map((doc) => {
      const values = local?.(doc, {});
      const wanted = Array.isArray(values) ? values : [values ?? null];
      const base = byField ? { [foreignField]: { $in: wanted } } : {};
      const given = Object.fromEntries(bound.map(([name, e]) => [name, e(doc, variables)]));
      return set(doc, { FOUND: read(source, { ...variables, ...given }, base) });
    });
  };
}

const STAGES: Record<string, StageCompiler> = {
  $match: (spec, { scope }) => {
    if (!isDoc(spec)) fail(15959, 'the match filter must be an expression in an object');
    compileFilter(spec, Object.fromEntries(scope.map((name) => [name, null])));
    return (docs, variables) => {
      const matches = compileFilter(spec, variables);
      return docs.filter((doc) => matches(doc));
    };
  },
  $project: projecting('$project', (spec, scope) => {
    if (isDoc(spec) && Object.keys(spec).length === 0)
      fail(51272, 'projection specification must have at least one field');
    return compileProjection(spec, { scope });
  }),
  $addFields: projecting('$addFields', compileAddFields),
  $set: projecting('$set', compileAddFields),
  $unset: projecting('$unset', compileUnset),
  $group: compileGroup,
  $sort: (spec) => {
    if (!isDoc(spec)) fail(15973, 'the $sort key specification must be an object');
    if (Object.keys(spec).length === 0) fail(15976, '$sort stage must have at least one sort key');
    return compileSort(spec);
  },
  $skip: (spec) => {
    const n = count(spec, '$skip', 0);
    return (docs) => docs.slice(n);
  },
  $limit: (spec) => {
    const n = count(spec, '$limit', 1);
    return (docs) => docs.slice(0, n);
  },
  $count: (name) => {
    if (typeof name !== 'string' || name === '' || name.startsWith('$') || name.includes('.')) {
      fail(40156, 'the count field must be a non-empty string that neither starts with $ nor contains a dot');
    }
    return (docs) => (docs.length === 0 ? [] : [{ [name]: docs.length }]);
  },
  $sortByCount: (expression, scope) => {
    const group = compileGroup({ _id: expression, count: { $sum: 1 } }, scope);
    const sort = compileSort({ count: -1 });
    return (docs, variables) => sort(group(docs, variables));
  },
  $unwind: unwind,
  $lookup: lookup,
  $facet: (spec, scope) => {
    if (!isDoc(spec)) fail(40169, 'the $facet specification must be a non-empty object');
    const facets = Object.entries(spec).map(
      ([name, stages]) => [name, compilePipeline(stages, scope)] as const,
    );
    return (docs, variables) => [
      Object.fromEntries(facets.map(([name, run]) => [name, run(docs, variables)])),
    ];
  },
  $replaceRoot: (spec, scope) => {
    if (!isDoc(spec) || !('newRoot' in spec)) fail(40231, 'no newRoot specified for the $replaceRoot stage');
    onlyKnown(spec, ['newRoot'], 40415, '$replaceRoot');
    return replaceRoot(spec.newRoot, scope);
  },
  $replaceWith: replaceRoot,
};
