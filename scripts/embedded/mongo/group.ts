import { ACCUMULATORS } from './accumulators.ts';
import { hashKey } from './compare.ts';
import { fail } from './errors.ts';
import { compileExpression } from './expression.ts';
import type { Variables } from './expression-parts.ts';
import { type Doc, isDoc } from './values.ts';

/** Compiles `$group`; groups come in the order in which their first document came. */
export function compileGroup(
  spec: unknown,
  { scope }: { scope: string[] },
): (docs: Doc[], variables: Variables) => Doc[] {
  if (!isDoc(spec)) fail(15947, "a group's fields must be specified in an object");
  if (!('_id' in spec)) fail(15955, 'a group specification must include an _id');
  const single = isDoc(spec._id) && Object.keys(spec._id).length === 1 ? Object.keys(spec._id)[0]! : '$';
  const evaluateId = compileExpression(spec._id, scope);
  // an _id of one field shows a missing value as null; one of several leaves it out
  const id: typeof evaluateId = (doc, variables) => {
    const value = evaluateId(doc, variables) ?? null;
    return single.startsWith('$') ? value : { [single]: null, ...(value as Doc) };
  };
  const fields = Object.entries(spec).filter(([field]) => field !== '_id');
  const accumulators = fields.map(([field, accumulator]) => {
    if (field.includes('.')) fail(40235, `The field name '${field}' cannot contain '.'`);
    if (!isDoc(accumulator)) fail(40234, `The field '${field}' must be an accumulator object`);
    const [name, ...more] = Object.keys(accumulator);
    if (name === undefined || more.length > 0)
      fail(40238, `The field '${field}' must specify one accumulator`);
    if (name === '$count') return { field, make: ACCUMULATORS.$sum!, evaluate: () => 1 };
    if (!Object.hasOwn(ACCUMULATORS, name)) fail(15952, `unknown group operator '${name}'`);
    return { field, make: ACCUMULATORS[name]!, evaluate: compileExpression(accumulator[name], scope) };
  });
  return (docs, variables) => {
    const groups = new Map<string, { id: unknown; states: { add(v: unknown): void; result(): unknown }[] }>();
    for (const doc of docs) {
      const value = id(doc, variables);
      const key = hashKey(value);
      let group = groups.get(key);
      if (group === undefined) {
        group = { id: value, states: accumulators.map(({ make }) => make()) };
        groups.set(key, group);
      }
      for (let i = 0; i < accumulators.length; i++) {
        group.states[i]!.add(accumulators[i]!.evaluate(doc, variables));
      }
    }
    return [...groups.values()].map(({ id, states }) => {
      const result: Doc = { _id: id };
      accumulators.forEach(({ field }, i) => {
        result[field] = states[i]!.result();
      });
      return result;
    });
  };
}
