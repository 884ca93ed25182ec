import { fail } from './errors.ts';
import { ARRAY_FORMS, ARRAY_OPERATORS } from './expression-arrays.ts';
import { DATE_FORMS } from './expression-dates.ts';
import { NUMBER_OPERATORS } from './expression-numbers.ts';
import {
  type Compile,
  checkVariable,
  type Evaluate,
  type Form,
  isNullish,
  isTruthy,
  namedArguments,
  type Operator,
} from './expression-parts.ts';
import { STRING_OPERATORS } from './expression-strings.ts';
import { own } from './paths.ts';
import { type Doc, isDoc } from './values.ts';

const list = (argument: unknown): unknown[] => (Array.isArray(argument) ? argument : [argument]);

const OPERATORS: Record<string, Operator> = {
  ...NUMBER_OPERATORS,
  ...ARRAY_OPERATORS,
  ...STRING_OPERATORS,
};

const FORMS: Record<string, Form> = {
  ...ARRAY_FORMS,
  ...DATE_FORMS,
  $literal: (argument) => () => argument,
  $expr: (argument, compile) => compile(argument),
  $and: (argument, compile) => {
    const parts = list(argument).map((part) => compile(part));
    return (root, variables) => parts.every((part) => isTruthy(part(root, variables)));
  },
  $or: (argument, compile) => {
    const parts = list(argument).map((part) => compile(part));
    return (root, variables) => parts.some((part) => isTruthy(part(root, variables)));
  },
  $cond: (argument, compile) => {
    const parts = isDoc(argument)
      ? Object.values(namedArguments('$cond', argument, ['if', 'then', 'else'], []))
      : list(argument);
    if (parts.length !== 3) {
      fail(16020, `Expression $cond takes exactly 3 arguments. ${parts.length} were passed in.`);
    }
    const [test, yes, no] = parts.map((part) => compile(part)) as [Evaluate, Evaluate, Evaluate];
    return (root, variables) => (isTruthy(test(root, variables)) ? yes : no)(root, variables);
  },
  $ifNull: (argument, compile) => {
    const parts = list(argument).map((part) => compile(part));
    if (parts.length < 2) {
      fail(1257300, `$ifNull needs at least two arguments, had: ${parts.length}`);
    }
    return (root, variables) => {
      let value: unknown;
      for (const part of parts) {
        value = part(root, variables);
        if (!isNullish(value)) break;
      }
      return value;
    };
  },
  $switch: (argument, compile) => {
    const { branches, default: otherwise } = namedArguments('$switch', argument, ['branches'], ['default']);
    if (!Array.isArray(branches)) fail(40061, "$switch expected an array for 'branches'");
    if (branches.length === 0) fail(40068, '$switch requires at least one branch.');
    const cases = branches.map((branch) => {
      const parts = namedArguments('$switch', branch, ['case', 'then'], []);
      return [compile(parts.case), compile(parts.then)] as const;
    });
    const last = otherwise === undefined ? undefined : compile(otherwise);
    return (root, variables) => {
      for (const [test, result] of cases) {
        if (isTruthy(test(root, variables))) return result(root, variables);
      }
      if (last !== undefined) return last(root, variables);
      return fail(
        40066,
        '$switch could not find a matching branch for an input, and no default was specified.',
      );
    };
  },
  $let: (argument, compile) => {
    const { vars, in: body } = namedArguments('$let', argument, ['vars', 'in'], []);
    if (!isDoc(vars)) fail(10065, 'invalid parameter: expected an object (vars)');
    const bound = Object.entries(vars).map(([name, value]) => [name, compile(value)] as const);
    const evaluate = compile(body, ...Object.keys(vars).map(checkVariable));
    return (root, variables) => {
      const inner = { ...variables };
      for (const [name, value] of bound) inner[name] = value(root, variables);
      return evaluate(root, inner);
    };
  },
  $getField: (argument, compile) => {
    const { field, input } = isDoc(argument)
      ? namedArguments('$getField', argument, ['field'], ['input'])
      : { field: argument, input: '$$ROOT' };
    const [name, object] = [compile(field), compile(input ?? '$$ROOT')];
    return (root, variables) => {
      const key = name(root, variables);
      const value = object(root, variables);
      if (typeof key !== 'string') fail(5654602, `$getField requires 'field' to evaluate to type String`);
      if (value === null) return null;
      return isDoc(value) ? own(value, key) : undefined;
    };
  },
};

const SYSTEM_VARIABLES = ['ROOT', 'CURRENT', 'NOW', 'REMOVE'];

export function compileExpression(expression: unknown, scope: string[]): Evaluate {
  const compile: Compile = (part, ...extra) =>
    compileExpression(part, extra.length === 0 ? scope : [...scope, ...extra]);
  if (typeof expression === 'string' && expression.startsWith('$')) return compilePath(expression, scope);
  if (Array.isArray(expression)) {
    const parts = expression.map((part) => compile(part));
    return (root, variables) => parts.map((part) => part(root, variables) ?? null);
  }
  if (!isDoc(expression)) return () => expression;
  const keys = Object.keys(expression);
  const operator = keys.find((key) => key.startsWith('$'));
  if (operator !== undefined) {
    if (keys.length > 1) {
      fail(
        15983,
        `An object representing an expression must have exactly one field: ${JSON.stringify(expression)}`,
      );
    }
    return compileOperator(operator, expression[operator], compile);
  }
  const fields = keys.map((key) => {
    if (key.includes('.'))
      fail(16412, `FieldPath field names may not contain '.'. Consider using $getField or $setField.`);
    return [key, compile(expression[key])] as const;
  });
  return (root, variables) => {
    const object: Doc = {};
    for (const [key, evaluate] of fields) {
      const value = evaluate(root, variables);
      if (value !== undefined) object[key] = value;
    }
    return object;
  };
}

function compileOperator(name: string, argument: unknown, compile: Compile): Evaluate {
  const form = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined;
  if (form !== undefined) return form(argument, compile, name);
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (operator === undefined) fail(168, `Unrecognized expression '${name}'`);
  const [least, most] = operator.arity;
  const args = list(argument).map((part) => compile(part));
  if (args.length < least || args.length > most) {
    if (least === most) {
      fail(16020, `Expression ${name} takes exactly ${least} arguments. ${args.length} were passed in.`);
    }
    const range = `at least ${least} arguments, and at most ${most}`;
    fail(28667, `Expression ${name} takes ${range}, but ${args.length} were passed in.`);
  }
  return (root, variables) =>
    operator.run(
      args.map((arg) => arg(root, variables)),
      name,
    );
}

function compilePath(path: string, scope: string[]): Evaluate {
  const isVariable = path.startsWith('$$');
  const parts = path.slice(isVariable ? 2 : 1).split('.');
  if (parts.some((part) => part === '')) {
    fail(parts.length === 1 ? 16872 : 15998, `'${path}' is not a valid field path`);
  }
  if (!isVariable) return (root) => follow(root, parts, 0);
  const name = parts[0]!;
  if (!scope.includes(name) && !SYSTEM_VARIABLES.includes(name))
    fail(17276, `Use of undefined variable: ${name}`);
  if (name === 'REMOVE') return () => undefined;
  if (name === 'ROOT' || name === 'CURRENT') return (root) => follow(root, parts, 1);
  if (name === 'NOW') return (_root, variables) => follow(variables.NOW ?? new Date(), parts, 1);
  return (_root, variables) => follow(variables[name], parts, 1);
}

/** Field paths in expressions: arrays on the way are mapped over, missing values left out. */
function follow(value: unknown, parts: string[], from: number): unknown {
  let current = value;
  for (let i = from; i < parts.length; i++) {
    if (Array.isArray(current)) {
      return current
        .map((element) => (isDoc(element) || Array.isArray(element) ? follow(element, parts, i) : undefined))
        .filter((found) => found !== undefined);
    }
    if (!isDoc(current)) return undefined;
    current = own(current, parts[i]!);
  }
  return current;
}
