import { type Action, may, type Scope } from '#contract/abilities.ts';
import type { Person } from '#contract/identity.ts';
import { AppError } from '#kernel/errors.ts';

const sentences = {
  'ability.denied': 'Your role does not include this.',
  'scope.denied': 'This line is outside your scope.',
} as const;

/** The scope in which the person may do this; errors `ability.denied` and `scope.denied`. */
export function requireAbility(person: Person, action: Action, on: { lineId?: string } = {}): Scope {
  const decision = may(person, action, on);
  if (decision.allowed) return decision.scope;
  throw new AppError(decision.reason, sentences[decision.reason], { details: { action, ...on } });
}
