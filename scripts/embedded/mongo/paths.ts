import { type Doc, isDoc } from './values.ts';

/** Where a match was found: the index in the first array on the way, for the positional `$`. */
export interface Position {
  index?: number;
}

export type Test = (value: unknown) => boolean;

export const isIndex = (part: string): boolean => /^(0|[1-9]\d*)$/.test(part);

export const own = (doc: Doc, key: string): unknown => (Object.hasOwn(doc, key) ? doc[key] : undefined);

/**
 * Does any value at the path pass? Arrays on the way are entered, one level each, as MongoDB does; a field that
 * is not there counts as `undefined`. With `intoLeaf`, the elements of an array at the end are tried as well.
 */
export function someAt(
  value: unknown,
  parts: string[],
  test: Test,
  intoLeaf: boolean,
  position?: Position,
  depth = 0,
): boolean {
  if (depth === parts.length) {
    if (test(value)) return true;
    return intoLeaf && Array.isArray(value) && someElement(value, test, position);
  }
  const part = parts[depth]!;
  if (Array.isArray(value)) {
    const below = (element: unknown) =>
      isDoc(element) && someAt(element, parts, test, intoLeaf, position, depth);
    if (someElement(value, below, position)) return true;
    if (!isIndex(part) || Number(part) >= value.length) return false;
    const last = depth + 1 === parts.length;
    return someAt(value[Number(part)], parts, test, intoLeaf && !last, position, depth + 1);
  }
  const next = isDoc(value) ? own(value, part) : undefined;
  return someAt(next, parts, test, intoLeaf, position, depth + 1);
}

function someElement(array: unknown[], test: Test, position?: Position): boolean {
  for (let i = 0; i < array.length; i++) {
    if (test(array[i])) {
      if (position !== undefined) position.index = i;
      return true;
    }
  }
  return false;
}

/** All values at the path, arrays on the way and at the end entered; `undefined` for each missing one. */
export function valuesAt(doc: Doc, path: string): unknown[] {
  const found: unknown[] = [];
  const collect = (value: unknown): boolean => {
    if (Array.isArray(value)) found.push(...value);
    else found.push(value);
    return false;
  };
  someAt(doc, path.split('.'), collect, false);
  return found;
}
