import type { Ear, Person, Role } from '#contract/identity.ts';
import type { LocalText } from '#contract/primitives.ts';

/** A person as stored: what is theirs. What the owner map gives them is added when they are read. */
export interface StoredPerson {
  readonly id: string;
  readonly name: LocalText;
  readonly title: LocalText;
  readonly role: Role;
  /** Absent: live. */
  readonly ear?: Ear;
  /** The lines an agent works on, or that a guest is let in to. */
  readonly worksLineIds: readonly string[];
  /** Where their mail goes; never leaves the server. */
  readonly email?: string | null;
}

export interface Owned {
  readonly businessIds: readonly string[];
  readonly lineIds: readonly string[];
}

/** A person's scope: the lines of what they own, and those they work on. */
export function withScope(stored: StoredPerson, owned: Owned): Person {
  const { worksLineIds, email: _, ...person } = stored;
  return {
    ...person,
    businessIds: [...owned.businessIds],
    lineIds: [...new Set([...owned.lineIds, ...worksLineIds])],
  };
}
