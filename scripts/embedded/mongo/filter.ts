import { fail } from './errors.ts';
import { compileExpression } from './expression.ts';
import { isTruthy, type Variables } from './expression-parts.ts';
import { compileOperators, equalTo, isOperatorDoc, type Matcher, regexMatcher } from './filter-operators.ts';
import { someAt } from './paths.ts';
import { type Doc, isDoc, typeName } from './values.ts';

/** Compiles a query filter. Errors: BadValue (2) and others as MongoDB gives them, also for anything unknown. */
export function compileFilter(filter: unknown, variables: Variables = {}): Matcher {
  if (!isDoc(filter)) fail(14, `Expected field filterto be of type object, but got ${typeName(filter)}`);
  const matchers = Object.entries(filter).map(([key, operand]) =>
    key.startsWith('$') ? compileTopLevel(key, operand, variables) : compileField(key, operand),
  );
  if (matchers.length === 1) return matchers[0]!;
  return (doc, position) => matchers.every((matches) => matches(doc, position));
}

function compileTopLevel(operator: string, operand: unknown, variables: Variables): Matcher {
  switch (operator) {
    case '$and': {
      const parts = compileList(operator, operand, variables);
      return (doc, position) => parts.every((matches) => matches(doc, position));
    }
    case '$or': {
      const parts = compileList(operator, operand, variables);
      return (doc, position) => parts.some((matches) => matches(doc, position));
    }
    case '$nor': {
      const parts = compileList(operator, operand, variables);
      return (doc) => !parts.some((matches) => matches(doc));
    }
    case '$expr': {
      const evaluate = compileExpression(operand, Object.keys(variables));
      return (doc) => isTruthy(evaluate(doc as Doc, variables));
    }
    case '$comment':
      return () => true;
    case '$text':
      return fail(27, 'text index required for $text query');
    case '$where':
    case '$jsonSchema':
      return fail(238, `${operator} is not supported by this server`);
    default:
      return fail(
        2,
        `unknown top level operator: ${operator}. If you have a field name that starts with a '$' symbol, ` +
          'consider using $getField or $setField.',
      );
  }
}

function compileList(operator: string, operand: unknown, variables: Variables): Matcher[] {
  if (!Array.isArray(operand)) fail(2, `${operator} argument must be an array`);
  if (operand.length === 0) fail(2, '$and/$or/$nor must be a nonempty array');
  return operand.map((part) => {
    if (!isDoc(part)) fail(2, '$or/$and/$nor entries need to be full objects');
    return compileFilter(part, variables);
  });
}

function compileField(path: string, operand: unknown): Matcher {
  const parts = path.split('.');
  if (typeName(operand) === 'regex') {
    const matches = regexMatcher(operand);
    return (doc, position) => someAt(doc, parts, matches, true, position);
  }
  if (!isOperatorDoc(operand)) {
    const matches = equalTo(operand);
    return (doc, position) => someAt(doc, parts, matches, true, position);
  }
  return compileOperators(parts, operand, compileFilter);
}
