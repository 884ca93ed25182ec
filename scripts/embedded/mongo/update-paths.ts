import { fail } from './errors.ts';
import type { Matcher } from './filter-operators.ts';
import { isIndex, own } from './paths.ts';
import { type Doc, isDoc, setOwn, show } from './values.ts';

const POSITIONAL = /^\$(\[[^\]]*\])?$/;

/** Splits an update path. Errors: empty parts (56), `$`-prefixed ones (52), a leading positional operator (2). */
export function checkPath(path: string): string[] {
  if (path === '') fail(56, 'An empty update path is not valid.');
  const parts = path.split('.');
  if (parts.includes(''))
    fail(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
  if (POSITIONAL.test(parts[0]!)) {
    fail(
      2,
      `Cannot have array filter identifier (i.e. '$[<id>]') element in the first position in path '${path}'`,
    );
  }
  const dollar = parts.find((part) => part.startsWith('$') && !POSITIONAL.test(part));
  if (dollar !== undefined) {
    fail(
      52,
      `The dollar ($) prefixed field '${dollar}' in '${path}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
    );
  }
  if (parts.filter((part) => part === '$').length > 1)
    fail(2, `Too many positional (i.e. '$') elements found in path '${path}'`);
  return parts;
}

/** The order in which modifiers are applied: by field name, array indexes by number. */
export function comparePaths(a: string[], b: string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x === y) continue;
    if (isIndex(x) && isIndex(y)) return Number(x) - Number(y);
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

export interface Placeholders {
  matchedIndex: number | undefined;
  arrayFilters: Map<string, Matcher>;
}

/** Replaces `$`, `$[]` and `$[id]` by the indexes they stand for in this document. */
export function expandPath(doc: Doc, path: string[], placeholders: Placeholders): string[][] {
  const at = path.findIndex((part) => part.startsWith('$'));
  if (at < 0) return [path];
  const [head, part, tail] = [path.slice(0, at), path[at]!, path.slice(at + 1)];
  if (part === '$') {
    if (placeholders.matchedIndex === undefined) {
      fail(2, 'The positional operator did not find the match needed from the query.');
    }
    return expandPath(doc, [...head, String(placeholders.matchedIndex), ...tail], placeholders);
  }
  const array = readTarget(doc, head).value;
  if (array === undefined) {
    fail(2, `The path '${head.join('.')}' must exist in the document in order to apply array updates.`);
  }
  if (!Array.isArray(array))
    fail(2, `Cannot apply array updates to non-array element ${head.at(-1)}: ${show(array)}`);
  const name = part.slice(2, -1);
  const accepts = name === '' ? () => true : placeholders.arrayFilters.get(name);
  if (accepts === undefined)
    fail(2, `No array filter found for identifier '${name}' in path '${path.join('.')}'`);
  const chosen = array.flatMap((element, i) => (accepts(element) ? [String(i)] : []));
  return chosen.flatMap((index) => expandPath(doc, [...head, index, ...tail], placeholders));
}

export interface Target {
  parent: unknown;
  value: unknown;
  exists: boolean;
}

/** What is at the path now; nothing is created. */
export function readTarget(doc: Doc, path: string[]): Target {
  let parent: unknown;
  let value: unknown = doc;
  for (const part of path) {
    parent = value;
    if (Array.isArray(parent)) value = isIndex(part) ? parent[Number(part)] : undefined;
    else value = isDoc(parent) ? own(parent, part) : undefined;
  }
  return { parent, value, exists: value !== undefined };
}

/** Sets the value at the path, making objects on the way. PathNotViable (28) where something else is in the way. */
export function assign(doc: Doc, path: string[], value: unknown): void {
  let parent: Doc | unknown[] = doc;
  for (let i = 0; i < path.length; i++) {
    const part = path[i]!;
    const last = i === path.length - 1;
    const existing: unknown = Array.isArray(parent) ? parent[Number(part)] : own(parent, part);
    if (!last && (isDoc(existing) || Array.isArray(existing))) {
      if (Array.isArray(existing) && !isIndex(path[i + 1]!)) notViable(path[i + 1]!, part, existing);
      parent = existing;
      continue;
    }
    if (!last && existing !== undefined) notViable(path[i + 1]!, part, existing);
    const next: unknown = last ? value : {};
    put(parent, part, next);
    parent = next as Doc;
  }
}

function put(parent: Doc | unknown[], part: string, value: unknown): void {
  if (!Array.isArray(parent)) {
    setOwn(parent, part, value);
    return;
  }
  const index = Number(part);
  if (index > parent.length + 1_500_000) fail(2, `can't backfill more than 1500000 elements`);
  while (parent.length < index) parent.push(null);
  parent[index] = value;
}

const notViable = (part: string, parent: string, existing: unknown): never =>
  fail(28, `Cannot create field '${part}' in element {${parent}: ${show(existing)}}`);
