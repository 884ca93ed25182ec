import { sessionReportsEndpoints } from '#contract/session-reports.ts';
import { type Route, route } from '#http/route.ts';
import type { SessionReportsService } from './session-reports.service.ts';

export function sessionReportsRoutes(reports: SessionReportsService): Route[] {
  return [route(sessionReportsEndpoints.show, ({ person, query }) => reports.show(person(), query))];
}
