import { may } from '#contract/abilities.ts';
import type { Person } from '#contract/identity.ts';

/** Is there more than the seat's line to follow? The server decides; this is what is worth showing. */
export function mayFollowAcross(person: Person, seatLineId: string): boolean {
  const across = may(person, 'calls.follow-across');
  if (!across.allowed) return false;
  if (across.scope === 'all') return true;
  return person.businessIds.length > 0 && person.lineIds.some((lineId) => lineId !== seatLineId);
}
