import { fail } from './errors.ts';
import { type Doc, isDoc, toNumber, typeName } from './values.ts';

/** Values of `$$name` variables. `NOW` is the command's start. */
export type Variables = Doc;

/** A compiled aggregation expression over a document (`$$ROOT`). `undefined` is a missing value. */
export type Evaluate = (root: unknown, variables: Variables) => unknown;

/** Compiles a part with the variables in scope, plus `extra` names. */
export type Compile = (expression: unknown, ...extra: string[]) => Evaluate;

/** An operator over evaluated arguments; the number of arguments lies within `arity`. */
export interface Operator {
  arity: [least: number, most: number];
  run: (args: unknown[], name: string) => unknown;
}

/** An operator that evaluates its arguments itself (branches, variables, named arguments). */
export type Form = (argument: unknown, compile: Compile, name: string) => Evaluate;

export const isNullish = (value: unknown): boolean => value === undefined || value === null;

export function isTruthy(value: unknown): boolean {
  const n = toNumber(value);
  return n === undefined ? value !== undefined && value !== null && value !== false : n !== 0;
}

/** Names of variables that expressions may define: a small letter first. */
export function checkVariable(name: unknown): string {
  if (typeof name === 'string' && /^([a-z\u0080-\uffff][\w\u0080-\uffff]*|CURRENT)$/.test(name)) return name;
  return fail(9, `'${String(name)}' starts with an invalid character for a user variable name`);
}

/** The arguments `{name: expression}` of an operator; refuses unknown and absent ones. */
export function namedArguments(name: string, argument: unknown, required: string[], optional: string[]): Doc {
  if (!isDoc(argument)) {
    fail(9, `${name} only supports an object as its argument, but got ${typeName(argument)}`);
  }
  for (const key of Object.keys(argument)) {
    if (!required.includes(key) && !optional.includes(key)) {
      fail(9, `Unrecognized parameter to ${name}: ${key}`);
    }
  }
  const ordered: Doc = {};
  for (const key of required) {
    if (!(key in argument)) fail(9, `Missing '${key}' parameter to ${name}`);
    ordered[key] = argument[key];
  }
  for (const key of optional) if (key in argument) ordered[key] = argument[key];
  return ordered;
}
