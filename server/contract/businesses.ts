import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { id, localText, zone } from './primitives.ts';

export const businessKind = z.enum(['group', 'category', 'brand', 'sku', 'service', 'process']);
export type BusinessKind = z.infer<typeof businessKind>;

/** A node of the company's tree, with the people who own it (the owner map). */
export const business = z.object({
  id,
  parentId: id.nullable(),
  kind: businessKind,
  name: localText,
  ownerIds: z.array(id),
});
export type Business = z.infer<typeof business>;

/**
 * When the agents of a line are told who heard their calls: at once (`live`), when the call is over (`afterwards`), or
 * when the day is over (`digest`). From then on they see every hearing with its start and its end.
 */
export const lineNotice = z.enum(['live', 'afterwards', 'digest']);
export type LineNotice = z.infer<typeof lineNotice>;

/** A skill queue of calls about one business. */
export const line = z.object({
  id,
  name: localText,
  businessId: id,
  zone,
  notice: lineNotice,
});
export type Line = z.infer<typeof line>;

/** One of the programme's call scenarios, e.g. "wrong size". */
export const scenario = z.object({ id, name: localText });
export type Scenario = z.infer<typeof scenario>;

export const businessesEndpoints = {
  tree: endpoint({
    id: 'businesses.tree',
    method: 'get',
    path: '/api/businesses',
    summary: 'The business tree with its owner map.',
    auth: 'session',
    response: z.object({ businesses: z.array(business) }),
  }),
  lines: endpoint({
    id: 'businesses.lines',
    method: 'get',
    path: '/api/lines',
    summary: 'The lines within the person’s scope, and the scenarios calls are filed under.',
    auth: 'session',
    response: z.object({ lines: z.array(line), scenarios: z.array(scenario) }),
  }),
  setNotice: endpoint({
    id: 'businesses.set-notice',
    method: 'patch',
    path: '/api/lines/{id}/notice',
    summary: 'Decide when the agents of a line are told who heard their calls.',
    auth: 'session',
    params: z.object({ id }),
    body: z.strictObject({ notice: lineNotice }),
    response: line,
    errors: ['not-found', 'ability.denied'],
  }),
} as const;
