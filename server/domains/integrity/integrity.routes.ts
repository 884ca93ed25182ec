import { operationsEndpoints } from '#contract/operations.ts';
import { type Route, route } from '#http/route.ts';
import type { IntegrityService } from './integrity.service.ts';

export function integrityRoutes(integrity: IntegrityService): Route[] {
  return [
    route(operationsEndpoints.archiveFindings, ({ person, query }) => integrity.findings(person(), query)),
    route(operationsEndpoints.sweepArchive, ({ person }) => integrity.sweepNow(person())),
    route(operationsEndpoints.retryRecording, ({ person, params }) => integrity.retry(person(), params.id)),
  ];
}
