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

/** A skill queue of calls about one business. */
export const line = z.object({
  id,
  name: localText,
  businessId: id,
  zone,
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
} as const;
