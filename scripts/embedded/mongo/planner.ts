import { identical } from './compare.ts';
import type { Variables } from './expression-parts.ts';
import { compileFilter } from './filter.ts';
import { isOperatorDoc } from './filter-operators.ts';
import type { Bounds, RecordIndex, StoredRecord } from './record-index.ts';
import { type Doc, isDoc, typeName } from './values.ts';

/** What a filter demands of one path, as far as an index can use it. Always re-checked by the filter itself. */
interface Demand {
  /** The value is one of these. */
  oneOf?: unknown[];
  from?: unknown;
  to?: unknown;
}

const usable = (value: unknown) =>
  !['array', 'regex', 'missing', 'minKey', 'maxKey'].includes(typeName(value));

function demandsOf(
  filter: Doc,
  variables: Variables,
  demands = new Map<string, Demand>(),
): Map<string, Demand> {
  const demand = (path: string, more: Demand) => demands.set(path, { ...more, ...demands.get(path) });
  for (const [path, operand] of Object.entries(filter)) {
    if (path === '$and') for (const part of operand as Doc[]) demandsOf(part, variables, demands);
    if (path === '$expr') {
      for (const [name, value] of equalities(operand, variables)) demand(name, { oneOf: [value] });
    }
    if (path.startsWith('$')) continue;
    if (!isOperatorDoc(operand)) {
      if (usable(operand)) demand(path, { oneOf: [operand] });
      continue;
    }
    const { $eq, $in, $gt, $gte, $lt, $lte } = operand;
    if ('$eq' in operand && usable($eq)) demand(path, { oneOf: [$eq] });
    if (Array.isArray($in) && $in.every(usable)) demand(path, { oneOf: $in });
    const from = $gt ?? $gte;
    const to = $lt ?? $lte;
    if (from !== undefined && from !== null && usable(from)) demand(path, { from });
    if (to !== undefined && to !== null && usable(to)) demand(path, { to });
  }
  return demands;
}

/** `{$eq: ['$field', '$$variable']}` in `$expr`, alone or under `$and`: how `$lookup` joins are written. */
function equalities(expression: unknown, variables: Variables): [string, unknown][] {
  if (!isDoc(expression)) return [];
  if (Array.isArray(expression.$and)) return expression.$and.flatMap((part) => equalities(part, variables));
  if (!Array.isArray(expression.$eq) || expression.$eq.length !== 2) return [];
  const isPath = (side: unknown): side is string => typeof side === 'string' && /^\$[^$]/.test(side);
  const [path, other] = isPath(expression.$eq[0]) ? expression.$eq : [...expression.$eq].reverse();
  if (!isPath(path) || isPath(other) || (typeof other === 'object' && other !== null)) return [];
  const value = typeof other === 'string' && other.startsWith('$$') ? variables[other.slice(2)] : other;
  return value === null || !usable(value) ? [] : [[path.slice(1), value]];
}

/** Does every document that the filter accepts lie in the index? */
function covers({ spec }: RecordIndex, filter: Doc, demands: Map<string, Demand>): boolean {
  const values = (path: string) => demands.get(path)?.oneOf;
  if (spec.sparse === true && !Object.keys(spec.key).some((path) => values(path)?.every((v) => v !== null))) {
    return false;
  }
  return Object.entries(spec.partialFilterExpression ?? {}).every(([path, condition]) => {
    if (identical(filter[path], condition)) return true;
    if (path.includes('.') || path.startsWith('$')) return false;
    const accepts = compileFilter({ [path]: condition });
    return values(path)?.every((value) => accepts({ [path]: value })) === true;
  });
}

interface Plan {
  index: RecordIndex;
  bounds: Bounds[];
  score: number;
}

function planFor(index: RecordIndex, demands: Map<string, Demand>): Plan | undefined {
  let bounds: Bounds[] = [{ prefix: [] }];
  let score = 0;
  for (const path of index.paths) {
    const { oneOf, from, to } = demands.get(path) ?? {};
    if (oneOf !== undefined && bounds.length * oneOf.length <= 1000) {
      bounds = bounds.flatMap(({ prefix }) => oneOf.map((value) => ({ prefix: [...prefix, value] })));
      score += 2;
      if (!index.multikey) continue;
    } else if (from !== undefined || to !== undefined) {
      // on arrays, two elements may each satisfy one bound
      const range = index.multikey && from !== undefined ? { from } : { from, to };
      bounds = bounds.map(({ prefix }) => ({ prefix, ...range }));
      score += 1;
    }
    break;
  }
  return score === 0 ? undefined : { index, bounds, score };
}

/** Candidate records for a filter from the best index, in natural order; undefined = only a scan will do. */
export function candidates(
  filter: Doc,
  indexes: Iterable<RecordIndex>,
  variables: Variables,
): StoredRecord[] | undefined {
  const demands = demandsOf(filter, variables);
  let best: Plan | undefined;
  for (const index of indexes) {
    const plan = covers(index, filter, demands) ? planFor(index, demands) : undefined;
    if (plan !== undefined && plan.score > (best?.score ?? 0)) best = plan;
  }
  let found: Set<StoredRecord> | undefined;
  if (best !== undefined) {
    found = new Set();
    for (const bounds of best.bounds) for (const record of best.index.records(bounds)) found.add(record);
  } else if (Array.isArray(filter.$or)) {
    const branches = filter.$or.map((branch) =>
      isDoc(branch) ? candidates(branch, indexes, variables) : undefined,
    );
    if (branches.every((branch) => branch !== undefined)) found = new Set(branches.flat());
  }
  return found === undefined ? undefined : [...found].sort((a, b) => a.seq - b.seq);
}
