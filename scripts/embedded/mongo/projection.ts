import { fail } from './errors.ts';
import { compileExpression } from './expression.ts';
import type { Evaluate, Variables } from './expression-parts.ts';
import { compileFilter } from './filter.ts';
import { isOperatorDoc } from './filter-operators.ts';
import { type Doc, isDoc, setOwn, show, toNumber } from './values.ts';

/** What happens to a field: kept, left out, computed from the document, or made from its own value. */
type Leaf = { keep: boolean } | { compute: Evaluate } | { transform: Transform };
type Transform = (value: unknown, position: number | undefined) => unknown;
type Node = Map<string, Node | Leaf>;

export type Project = (doc: Doc, variables?: Variables, position?: number) => Doc;

interface Options {
  /** Names of variables that expressions may use. */
  scope?: string[];
  /** `$slice`, `$elemMatch` and positional `$`, which only `find` has. */
  find?: boolean;
}

/** Compiles `$project` or the projection of `find`. Mixing inclusion and exclusion is an error (31253, 31254). */
export function compileProjection(spec: unknown, { scope = [], find = false }: Options = {}): Project {
  if (!isDoc(spec)) fail(15969, '$project specification must be an object');
  const root: Node = new Map();
  let including: boolean | undefined;
  let idKept: boolean | undefined;
  const decide = (include: boolean, path: string) => {
    if (including !== undefined && including !== include) {
      fail(
        include ? 31253 : 31254,
        `Cannot do ${include ? 'inclusion' : 'exclusion'} on field ${path} in ${include ? 'exclusion' : 'inclusion'} projection`,
      );
    }
    including = include;
  };
  const visit = (path: string, value: unknown): void => {
    const flag =
      typeof value === 'boolean' ? value : toNumber(value) === undefined ? undefined : toNumber(value) !== 0;
    const special = find ? findOnly(path, value) : undefined;
    if (special !== undefined) {
      if (special.includes) decide(true, path);
      addLeaf(root, special.path, { transform: special.transform });
    } else if (flag !== undefined) {
      if (path === '_id') idKept = flag;
      else decide(flag, path);
      addLeaf(root, path, { keep: flag });
    } else if (isDoc(value) && !isOperatorDoc(value)) {
      if (Object.keys(value).length === 0)
        fail(51270, 'An empty sub-projection is not a valid value. Found empty object at path');
      for (const [key, inner] of Object.entries(value)) visit(`${path}.${key}`, inner);
    } else {
      decide(true, path);
      addLeaf(root, path, { compute: compileExpression(value, scope) });
    }
  };
  for (const [path, value] of Object.entries(spec)) visit(path, value);
  const include = including ?? idKept ?? false;
  if (include && !root.has('_id')) root.set('_id', { keep: true });
  return (doc, variables = {}, position) =>
    apply(doc, root, include ? 'include' : 'exclude', { root: doc, variables, position }) as Doc;
}

/** Compiles `$addFields`. */
export function compileAddFields(spec: unknown, scope: string[]): Project {
  if (!isDoc(spec)) fail(40272, '$addFields specification stage must be an object');
  const root: Node = new Map();
  const visit = (path: string, value: unknown): void => {
    if (isDoc(value) && !isOperatorDoc(value) && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) visit(`${path}.${key}`, inner);
    } else addLeaf(root, path, { compute: compileExpression(value, scope) });
  };
  for (const [path, value] of Object.entries(spec)) visit(path, value);
  return (doc, variables = {}) => apply(doc, root, 'add', { root: doc, variables }) as Doc;
}

/** Compiles `$unset`. */
export function compileUnset(spec: unknown): Project {
  const paths = Array.isArray(spec) ? spec : [spec];
  if (paths.length === 0 || paths.some((path) => typeof path !== 'string')) {
    fail(31002, '$unset specification must be a string or an array containing only string values');
  }
  return compileProjection(Object.fromEntries(paths.map((path) => [path, 0])));
}

function findOnly(
  path: string,
  value: unknown,
): { path: string; includes: boolean; transform: Transform } | undefined {
  if (path.endsWith('.$')) {
    if (value === false || toNumber(value) === 0)
      fail(31395, 'positional projection cannot be used with exclusion');
    const transform: Transform = (array, position) => {
      if (!Array.isArray(array)) return array;
      if (position === undefined) {
        fail(
          51246,
          "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array",
        );
      }
      return array.slice(position, position + 1);
    };
    return { path: path.slice(0, -2), includes: true, transform };
  }
  if (!isDoc(value)) return undefined;
  if (
    '$slice' in value &&
    (!Array.isArray(value.$slice) || value.$slice.every((n) => toNumber(n) !== undefined))
  ) {
    const numbers = (Array.isArray(value.$slice) ? value.$slice : [value.$slice]).map(toNumber);
    if (numbers.includes(undefined) || numbers.length > 2)
      fail(28667, `Invalid $slice syntax: ${show(value)}`);
    const [first, second] = numbers as [number, number?];
    if (second !== undefined && second <= 0)
      fail(28729, `Third argument to $slice must be positive: ${second}`);
    const transform: Transform = (array) => {
      if (!Array.isArray(array)) return array;
      if (second === undefined) return first >= 0 ? array.slice(0, first) : array.slice(first);
      const start = first >= 0 ? first : Math.max(0, array.length + first);
      return array.slice(start, start + second);
    };
    return { path, includes: false, transform };
  }
  if ('$elemMatch' in value) {
    if (path.includes('.')) fail(31275, 'Cannot use $elemMatch projection on a nested field');
    const matches = compileFilter({ v: { $elemMatch: value.$elemMatch } });
    const transform: Transform = (array) => {
      const found = Array.isArray(array) ? array.find((element) => matches({ v: [element] })) : undefined;
      return found === undefined ? undefined : [found];
    };
    return { path, includes: true, transform };
  }
  return undefined;
}

function addLeaf(root: Node, path: string, leaf: Leaf): void {
  const parts = path.split('.');
  if (parts.includes(''))
    fail(path === '' ? 40352 : 15998, 'FieldPath field names may not be empty strings.');
  if (parts.some((part) => part.startsWith('$')))
    fail(16410, `FieldPath field names may not start with '$'. Consider using $getField or $setField.`);
  let node = root;
  parts.forEach((part, i) => {
    const next = node.get(part);
    const last = i === parts.length - 1;
    if (next !== undefined && (last || !(next instanceof Map))) {
      fail(
        31249,
        `Path collision at ${path}${last ? '' : ` remaining portion ${parts.slice(i + 1).join('.')}`}`,
      );
    }
    if (last) node.set(part, leaf);
    else {
      const child = (next as Node | undefined) ?? new Map();
      node.set(part, child);
      node = child;
    }
  });
}

interface Context {
  root: Doc;
  variables: Variables;
  position?: number | undefined;
}

const computes = (node: Node): boolean =>
  [...node.values()].some((child) => (child instanceof Map ? computes(child) : 'compute' in child));

function apply(value: unknown, node: Node, mode: 'include' | 'exclude' | 'add', context: Context): unknown {
  if (Array.isArray(value)) {
    return value
      .map((element) => apply(element, node, mode, context))
      .filter((element) => element !== undefined);
  }
  if (!isDoc(value)) {
    if (mode === 'exclude') return value;
    if (!computes(node)) return mode === 'add' ? value : undefined;
  }
  const from: Doc = isDoc(value) ? value : {};
  const out: Doc = {};
  const put = (key: string, result: unknown) => {
    if (result !== undefined) setOwn(out, key, result);
  };
  for (const key of Object.keys(from)) {
    const child = node.get(key);
    if (child === undefined) {
      if (mode !== 'include') put(key, from[key]);
    } else if (child instanceof Map) put(key, apply(from[key], child, mode, context));
    else if ('keep' in child) {
      if (child.keep) put(key, from[key]);
    } else if ('transform' in child) put(key, child.transform(from[key], context.position));
    else if (mode === 'add') put(key, child.compute(context.root, context.variables));
  }
  for (const [key, child] of node) {
    if (child instanceof Map) {
      if (!Object.hasOwn(from, key)) put(key, apply(undefined, child, mode, context));
    } else if ('compute' in child && !(mode === 'add' && Object.hasOwn(from, key))) {
      put(key, child.compute(context.root, context.variables));
    }
  }
  return out;
}
