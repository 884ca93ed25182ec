import { may } from '#contract/abilities.ts';
import type { Person } from '#contract/identity.ts';
import type { ProposedInvitee } from '#contract/meetings.ts';
import type { Company } from '#domains/businesses/businesses.ts';
import { AppError } from '#kernel/errors.ts';
import type { MomentRecordings } from './meetings.ports.ts';
import { ownersOf, type StoredInvitee, type StoredItem, whoOf } from './meetings.ts';
import type { ResolvedMoment } from './moments.ts';

export interface InviteesDependencies {
  readonly company: () => Promise<Company>;
  readonly people: {
    persons(ids: Iterable<string>): Promise<Map<string, Person>>;
    everybody(): Promise<Person[]>;
  };
  readonly recordings: Pick<MomentRecordings, 'stored'>;
}

/** What a moment is about, as far as somebody answers for it. */
type Concern = Parameters<typeof ownersOf>[1][number];

export const concernOf = ({ recording }: ResolvedMoment): Concern => ({
  lineId: recording.lineId,
  sku: recording.facts.sku,
});

const mayHear = (person: Person): boolean => may(person, 'recordings.replay').allowed;

/** The people who may be asked to a meeting: above all those who own what its moments are about. */
export function createInvitees({ company, people, recordings }: InviteesDependencies) {
  return {
    /** Those of the ids who exist, with what they own of what these moments are about. Error `not-found`. */
    async named(ids: readonly string[], concerns: readonly Concern[]): Promise<StoredInvitee[]> {
      const wanted = [...new Set(ids)];
      const [found, business] = await Promise.all([people.persons(wanted), company()]);
      const owners = ownersOf(business, concerns);
      return wanted.map((id) => {
        const person = found.get(id);
        if (!person)
          throw new AppError('not-found', 'There is no such person.', { details: { personId: id } });
        return { ...whoOf(person), owns: owners.get(id) ?? [] };
      });
    },

    /** What an agenda is about. */
    async concernsOf(items: readonly StoredItem[]): Promise<Concern[]> {
      const found = await Promise.all(items.map(({ recordingId }) => recordings.stored(recordingId)));
      return items.map(({ lineId }, index) => ({ lineId, sku: found[index]?.facts.sku }));
    },

    /** Whom this person might ask about these moments: who owns what they are about, and who else may hear recordings. */
    async proposed(person: Person, moments: readonly ResolvedMoment[]) {
      const [business, everybody] = await Promise.all([company(), people.everybody()]);
      const owned = ownersOf(business, moments.map(concernOf));
      const byId = new Map(everybody.map((one) => [one.id, one]));
      const owners = [...owned].flatMap(([id, owns]): ProposedInvitee[] => {
        const owner = byId.get(id);
        return owner && id !== person.id ? [{ ...whoOf(owner), owns }] : [];
      });
      const others = everybody.filter((one) => one.id !== person.id && !owned.has(one.id) && mayHear(one));
      return { owners, others: others.map(whoOf) };
    },

    everybody: async () => (await people.everybody()).filter(mayHear).map(whoOf),
  };
}
