import { hashKey } from './compare.ts';
import { fail } from './errors.ts';
import { isIndex, own } from './paths.ts';
import { type Doc, isDoc } from './values.ts';

interface Walk {
  value: unknown;
  /** Parts of the path still to go. */
  rest: string[];
  /** An element of an array at the end of the path is taken as it is, even if it is an array itself. */
  done: boolean;
}

/**
 * The keys of a document in an index: one, or one for each element of an array on the way. A missing field counts
 * as null, an empty array as `undefined`, which sorts before null. Two arrays side by side are refused (171).
 */
export function indexKeys(doc: Doc, paths: string[]): unknown[][] {
  const plain = paths.map((path) => (path.includes('.') ? undefined : (own(doc, path) ?? null)));
  if (paths.every((path, i) => !path.includes('.') && !Array.isArray(plain[i]))) return [plain];
  const keys = expand(paths.map((path) => ({ value: doc, rest: path.split('.'), done: false })));
  return [...new Map(keys.map((key) => [hashKey(key), key])).values()];
}

function expand(walks: Walk[]): unknown[][] {
  const advanced = walks.map(advance);
  const arrays = new Set(
    advanced.filter(({ value, done }) => !done && Array.isArray(value)).map((w) => w.value),
  );
  if (arrays.size > 1) fail(171, 'cannot index parallel arrays');
  const [array] = arrays as Set<unknown[]>;
  if (array === undefined) return [advanced.map(({ value, done }) => (done ? value : (value ?? null)))];
  const elements = array.length === 0 ? [undefined] : array;
  return elements.flatMap((element) =>
    expand(
      advanced.map((walk) => {
        if (walk.done || walk.value !== array) return walk;
        if (walk.rest.length === 0) return { value: element, rest: [], done: true };
        return { value: isDoc(element) ? element : undefined, rest: walk.rest, done: false };
      }),
    ),
  );
}

function advance({ value, rest, done }: Walk): Walk {
  let current = value;
  let left = rest;
  while (left.length > 0 && !done) {
    const part = left[0]!;
    if (Array.isArray(current)) {
      if (!isIndex(part) || current.some((e) => isDoc(e) && part in e)) break;
      current = current[Number(part)];
    } else current = isDoc(current) ? own(current, part) : undefined;
    left = left.slice(1);
  }
  return { value: current, rest: left, done };
}
