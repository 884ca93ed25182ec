import { z } from 'zod';
import { voice } from './analysis.ts';
import { endpoint } from './endpoint.ts';
import { id, type LocalText, localText, offsetMs, timeMs } from './primitives.ts';

/** What calls are tagged with beside the programme's scenarios: topics that come up in any of them. */
export const topics = {
  complaint: { en: 'Complaint', zh: '投诉' },
  compensation: { en: 'Compensation', zh: '赔付补偿' },
  'repeat-contact': { en: 'Had to contact us again', zh: '重复进线' },
  'cancel-order': { en: 'Cancel the order', zh: '取消订单' },
  'service-attitude': { en: 'Rude service', zh: '服务态度' },
  'unclear-page': { en: 'Page or rule unclear', zh: '页面规则不清楚' },
  praise: { en: 'Praise', zh: '表扬感谢' },
} as const satisfies Record<string, LocalText>;

export const tagDecisionState = z.enum(['confirmed', 'rejected']);
export type TagDecisionState = z.infer<typeof tagDecisionState>;

/** Why a tag was suggested: a sentence and when it is said, ms from the recording's start. */
export const tagEvidence = z.object({
  by: voice,
  fromMs: offsetMs,
  toMs: offsetMs,
  /** As in the masked transcript. */
  words: z.string(),
});
export type TagEvidence = z.infer<typeof tagEvidence>;

/** A tag that the words of a call speak for. */
export const tagSuggestion = z.object({
  tag: id,
  /** How much speaks for it, above 0 and below 1. For ranking: no probability. */
  score: z.number().gt(0).lt(1),
  /** The most telling sentences, in the order in which they are said. */
  evidence: z.array(tagEvidence).max(3),
});
export type TagSuggestion = z.infer<typeof tagSuggestion>;

export const shownTag = z.object({
  tag: id,
  name: localText,
  /** Null when nobody but a person thought of it. */
  score: z.number().nullable(),
  /** How many sentences speak for it. */
  evidence: z.number().int().nonnegative(),
  decision: z
    .object({ state: tagDecisionState, by: z.object({ id, name: localText }), at: timeMs })
    .nullable(),
  /** To be named when it is decided: 0 while nobody has. */
  revision: z.number().int().nonnegative(),
});
export type ShownTag = z.infer<typeof shownTag>;

export const tagsEndpoints = {
  list: endpoint({
    id: 'tags.list',
    method: 'get',
    path: '/api/recordings/{id}/tags',
    summary: 'Tags of a recording: confirmed, suggested, rejected; and which there are to choose from.',
    auth: 'session',
    params: z.object({ id }),
    response: z.object({
      /** False while there is no transcript that suggestions could come from, or it was not looked through yet. */
      looked: z.boolean(),
      tags: z.array(shownTag),
      choices: z.array(z.object({ tag: id, name: localText })),
    }),
    errors: ['not-found', 'scope.denied'],
  }),
  choices: endpoint({
    id: 'tags.choices',
    method: 'get',
    path: '/api/tags',
    summary: 'Every tag that a recording can have: the scenarios and the topics.',
    auth: 'session',
    response: z.object({ choices: z.array(z.object({ tag: id, name: localText })) }),
  }),
  why: endpoint({
    id: 'tags.why',
    method: 'post',
    path: '/api/recordings/{id}/tags/{tag}/evidence',
    summary: 'The sentences that speak for a suggested tag. Reading them is logged like hearing.',
    auth: 'session',
    params: z.object({ id, tag: id }),
    response: z.object({ evidence: z.array(tagEvidence) }),
    errors: ['not-found', 'scope.denied', 'recording.not-ready'],
  }),
  decide: endpoint({
    id: 'tags.decide',
    method: 'post',
    path: '/api/recordings/{id}/tags/{tag}',
    summary: 'Confirms or rejects a tag, suggested or not. Refused when somebody else decided meanwhile.',
    auth: 'session',
    params: z.object({ id, tag: id }),
    body: z.strictObject({ state: tagDecisionState, revision: z.number().int().nonnegative() }),
    response: z.object({ tag: shownTag }),
    errors: ['not-found', 'ability.denied', 'scope.denied', 'recording.deleted', 'tag.decided'],
  }),
} as const;
