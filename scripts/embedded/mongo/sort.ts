import { compare } from './compare.ts';
import { fail } from './errors.ts';
import { indexKeys } from './index-keys.ts';
import { type Doc, isDoc, show, toNumber, typeName } from './values.ts';

export type Sorter = <T extends Doc>(docs: T[]) => T[];

/** The fields of a sort specification and their directions. Errors as MongoDB gives them (2, 15975, 15976). */
export function parseSort(spec: unknown): [path: string, direction: 1 | -1][] {
  if (!isDoc(spec)) fail(14, `Expected field sortto be of type object, but got ${typeName(spec)}`);
  return Object.entries(spec).map(([path, direction]) => {
    if (isDoc(direction)) fail(238, `$meta sort is not supported by this server: ${show(direction)}`);
    const n = toNumber(direction);
    if (n === undefined) fail(15974, `Illegal key in $sort specification: ${path}: ${show(direction)}`);
    if (n !== 1 && n !== -1)
      fail(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
    if (path === '' || path.startsWith('$') || path.split('.').includes('')) {
      fail(path.startsWith('$') ? 16410 : 15998, `FieldPath '${path}' is not a valid sort field`);
    }
    return [path, n];
  });
}

/** The value that a document is sorted by: of an array its least (ascending) or greatest (descending) element. */
export function sortValue(doc: Doc, path: string, direction: 1 | -1): unknown {
  if (!path.includes('.')) {
    const value = Object.hasOwn(doc, path) ? doc[path] : undefined;
    if (!Array.isArray(value)) return value ?? null;
  }
  // the keys an index would have; an empty array gives `undefined`, which sorts before null
  const values = indexKeys(doc, [path]).map(([key]) => key);
  return values.reduce((best, v) => (compare(v, best) * direction < 0 ? v : best));
}

/** A stable sort by a specification such as `{startAt: 1, _id: -1}`. */
export function compileSort(spec: unknown): Sorter {
  const fields = parseSort(spec);
  return (docs) => {
    const keyed = docs.map((doc) => ({
      doc,
      keys: fields.map(([path, direction]) => sortValue(doc, path, direction)),
    }));
    keyed.sort((a, b) => {
      for (let i = 0; i < fields.length; i++) {
        const order = compare(a.keys[i], b.keys[i]);
        if (order !== 0) return order * fields[i]![1];
      }
      return 0;
    });
    return keyed.map(({ doc }) => doc);
  };
}
