import { operationsEndpoints } from '#contract/operations.ts';
import { type Route, route } from '#http/route.ts';
import type { Operations } from './operations.service.ts';

export function operationsRoutes(operations: Operations): Route[] {
  return [route(operationsEndpoints.overview, ({ person }) => operations.overview(person()))];
}
