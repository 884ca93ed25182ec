import { may } from '#contract/abilities.ts';
import type { QueryOf, ResponseOf } from '#contract/endpoint.ts';
import type { hearingsEndpoints } from '#contract/hearings.ts';
import type { Person } from '#contract/identity.ts';
import { AppError } from '#kernel/errors.ts';
import type { HearingsStore } from './hearings.store.ts';
import { lineHistory, worstFirst } from './line-history.ts';
import type { LineWindow } from './line-record.ts';

type Query = QueryOf<typeof hearingsEndpoints.lines>;

/** As many listenings are looked at for one answer, the latest. */
const mostListenings = 2_000;

/** Those who look after all listeners see how everybody's line was; everybody sees their own. */
function looksAfterAll(person: Person): boolean {
  const reads = may(person, 'reports.read');
  return reads.allowed && reads.scope === 'all';
}

/** How good the lines of listeners were, of one listening and of many. */
export function lineHistories(deps: {
  readonly store: Pick<HearingsStore, 'lineOf' | 'measured'>;
  readonly lines: () => Promise<readonly { readonly id: string }[]>;
  /** The people who own a business or something below it. */
  readonly team: (businessId: string) => Promise<ReadonlySet<string>>;
}) {
  const { store } = deps;

  /** By what is in an index: the person, the slot, or every line there is. */
  async function whose(person: Person, { of, slotId, businessId }: Query): Promise<Record<string, unknown>> {
    const people =
      of === 'me'
        ? { personId: person.id }
        : businessId !== undefined && { personId: { $in: [...(await deps.team(businessId))] } };
    if (slotId !== undefined) return { ...people, slotId };
    return people || { lineId: { $in: (await deps.lines()).map(({ id }) => id) } };
  }

  return {
    /** Error `not-found`, also for somebody else's: whose hearing it is, is nobody's business. */
    async line(person: Person, hearingId: string): Promise<{ windows: LineWindow[] }> {
      const known = await store.lineOf(hearingId);
      const mine = known?.personId === person.id || looksAfterAll(person);
      if (!known || !mine) throw new AppError('not-found', 'There is no such listening.');
      return { windows: known.line };
    },

    /** Error: `ability.denied` for everybody's, to those who look after themselves only. */
    async linesOf(person: Person, query: Query): Promise<ResponseOf<typeof hearingsEndpoints.lines>> {
      const { of, from, to, order, limit } = query;
      if (of === 'everyone' && !looksAfterAll(person)) {
        throw new AppError(
          'ability.denied',
          'Only those who look after all listeners see everybody’s lines.',
        );
      }
      const measured = await store.measured(await whose(person, query), { from, to }, mostListenings);
      const all = measured.map(lineHistory);
      const total = { good: 0, fair: 0, poor: 0, nothing: 0, unmeasured: 0 };
      for (const { verdict } of all) total[verdict] += 1;
      const sorted = order === 'worst' ? all.sort(worstFirst) : all;
      return { lines: sorted.slice(0, limit), total };
    },
  };
}
