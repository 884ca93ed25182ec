import { businessesEndpoints } from '#contract/businesses.ts';
import { type Route, route } from '#http/route.ts';
import type { Businesses } from './businesses.service.ts';

export function businessesRoutes(businesses: Businesses): Route[] {
  return [
    route(businessesEndpoints.tree, async () => ({ businesses: [...(await businesses.tree())] })),
    route(businessesEndpoints.lines, async ({ person }) => ({
      lines: [...(await businesses.linesFor(person()))],
      scenarios: [...(await businesses.scenarios())],
    })),
    route(businessesEndpoints.setNotice, ({ person, params, body }) =>
      businesses.setNotice(person(), params.id, body.notice),
    ),
  ];
}
