import { may } from '#contract/abilities.ts';
import type { Person } from '#contract/identity.ts';
import type { LocalText } from '#contract/primitives.ts';
import { type ShownTag, type TagDecisionState, type TagSuggestion, topics } from '#contract/tags.ts';
import { transcriptFile } from '#contract/transcripts.ts';
import type { HearingsService } from '#domains/listening/hearings.service.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import type { StoredRecording, TagDecision } from '#domains/recordings/recordings.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import type { ObjectStore } from '#kernel/s3.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { FollowUpsStore } from './follow-ups.store.ts';
import type { StoredFollowUp } from './follow-ups.ts';
import { suggestionVersion, suggestTags } from './suggest-tags.ts';
import type { TranscriptEvents } from './transcripts.service.ts';
import type { FoundTranscript } from './transcripts.ts';

export interface TagsDependencies {
  readonly transcripts: FollowUpsStore<FoundTranscript>;
  readonly recordings: RecordingsService;
  /** Keeps a decision; false when somebody decided meanwhile, or the recording is deleted. */
  readonly decisions: { decideTag(id: string, tag: string, decision: TagDecision): Promise<boolean> };
  readonly hearings: HearingsService;
  readonly events: TypedEvents<TranscriptEvents>;
  readonly storage: Pick<ObjectStore, 'readText'>;
  readonly scenarios: () => Promise<readonly { id: string; name: LocalText }[]>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A transcript larger than this is none: ten hours of speech have a tenth of it. */
const largestTranscript = 20 * 1024 * 1024;
/** So many transcripts of before one look goes through. */
const backlog = 20;
/** A transcript that cannot be read is left alone for so long, ms; so many are remembered. */
const restMs = 10 * 60_000;
const mostResting = 500;

export type TagsService = ReturnType<typeof createTagsService>;

/** What recordings are about: suggested from their transcripts, decided by people. */
export function createTagsService(deps: TagsDependencies) {
  const { transcripts, recordings, clock, log } = deps;
  /** Until when transcripts that could not be read are left alone, by recording. */
  const resting = new Map<string, number>();

  async function suggest({ id, fileKey }: StoredFollowUp<FoundTranscript>): Promise<void> {
    if (!fileKey) return;
    try {
      const text = await deps.storage.readText(fileKey, { maxBytes: largestTranscript });
      if (text === null) throw new AppError('not-found', 'The transcript is not in the store.');
      const { utterances } = transcriptFile.parse(JSON.parse(text));
      const tags = { version: suggestionVersion, suggestions: suggestTags(utterances) };
      // Of a recording that was erased meanwhile, or written down anew, nothing is kept.
      await transcripts.setFound(id, fileKey, 'tags', tags);
      resting.delete(id);
    } catch (err) {
      if (resting.size >= mostResting) resting.delete(resting.keys().next().value!);
      resting.set(id, clock() + restMs);
      log.warn({ recordingId: id, err }, 'no tags suggested');
    }
  }

  // What fails here the sweep does.
  deps.events.on('recording-transcribed', ({ recordingId }) => {
    transcripts
      .byId(recordingId)
      .then((transcript) => transcript && suggest(transcript))
      .catch((err: unknown) => log.warn({ recordingId, err }, 'no tags suggested'));
  });

  async function choices() {
    const scenarios = (await deps.scenarios()).map(({ id, name }) => ({ tag: id, name }));
    return [...scenarios, ...Object.entries(topics).map(([tag, name]) => ({ tag, name }))];
  }

  function shown(
    { tag, name }: { tag: string; name: LocalText },
    recording: Pick<StoredRecording, 'tagDecisions'>,
    suggestion: TagSuggestion | undefined,
  ): ShownTag {
    const decision = recording.tagDecisions?.[tag];
    return {
      tag,
      name,
      score: suggestion?.score ?? null,
      evidence: suggestion?.evidence.length ?? 0,
      decision: decision ? { state: decision.state, by: decision.by, at: decision.at } : null,
      revision: decision?.revision ?? 0,
    };
  }

  const suggestionsOf = async (recordingId: string) =>
    (await transcripts.byId(recordingId))?.found?.tags?.suggestions ?? null;

  return {
    /** Looks through transcripts that nobody has looked through, or not with today's phrases; so many at a time. */
    async sweep(): Promise<void> {
      const now = clock();
      for (const [id, until] of resting) if (until <= now) resting.delete(id);
      const due = await transcripts.lacking('tags', suggestionVersion, [...resting.keys()], backlog);
      for (const transcript of due) await suggest(transcript);
    },

    choices: async (person: Person) => {
      const { allowed } = may(person, 'recordings.replay');
      if (!allowed) throw new AppError('ability.denied', 'These recordings are outside your scope.');
      return { choices: await choices() };
    },

    /** Confirmed ones first, then suggestions by what speaks for them, then what was rejected. */
    async list(person: Person, recordingId: string) {
      const recording = await recordings.find(person, recordingId);
      const gone = recording.state === 'deleting' || recording.state === 'deleted';
      const [suggestions, all] = await Promise.all([gone ? null : suggestionsOf(recordingId), choices()]);
      const rank = ({ decision }: ShownTag) =>
        decision?.state === 'confirmed' ? 0 : decision === null ? 1 : 2;
      const tags = all
        .map((choice) =>
          shown(
            choice,
            gone ? {} : recording,
            suggestions?.find(({ tag }) => tag === choice.tag),
          ),
        )
        .filter(({ score, decision }) => score !== null || decision !== null)
        .sort((a, b) => rank(a) - rank(b) || (b.score ?? 1) - (a.score ?? 1));
      return { looked: suggestions !== null, tags, choices: all };
    },

    /** The reading is on record before a word is given out. */
    async why(person: Person, recordingId: string, tag: string) {
      const recording = await recordings.find(person, recordingId);
      if (recording.state !== 'archived') {
        throw new AppError('recording.not-ready', 'There is no transcript of this recording.');
      }
      const suggestion = (await suggestionsOf(recordingId))?.find((one) => one.tag === tag);
      if (!suggestion) throw new AppError('not-found', 'This tag was not suggested.');
      await deps.hearings.recordReplay(person, recording);
      return { evidence: [...suggestion.evidence] };
    },

    /** Of two who decide at once one is told so. Errors: those of the contract. */
    async decide(
      person: Person,
      { recordingId, tag }: { recordingId: string; tag: string },
      { state, revision }: { state: TagDecisionState; revision: number },
    ): Promise<{ tag: ShownTag }> {
      const recording = await recordings.find(person, recordingId);
      const decision = may(person, 'recordings.tag', { lineId: recording.lineId });
      if (!decision.allowed) throw new AppError(decision.reason, 'You may see tags, but not decide on them.');
      const choice = (await choices()).find((one) => one.tag === tag);
      if (!choice) throw new AppError('not-found', 'There is no such tag.');
      const decided = {
        state,
        by: { id: person.id, name: person.name },
        at: clock(),
        revision: revision + 1,
      };
      if (!(await deps.decisions.decideTag(recordingId, tag, decided))) {
        const now = await recordings.find(person, recordingId);
        if (now.state === 'deleting' || now.state === 'deleted') {
          throw new AppError('recording.deleted', 'This recording was deleted.');
        }
        throw new AppError('tag.decided', 'Somebody else has decided on this tag meanwhile.');
      }
      log.info({ recordingId, tag, state, by: person.id }, 'tag decided');
      const suggestion = (await suggestionsOf(recordingId))?.find((one) => one.tag === tag);
      return { tag: shown(choice, { tagDecisions: { [tag]: decided } }, suggestion) };
    },
  };
}
