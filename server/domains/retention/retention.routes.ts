import { retentionEndpoints } from '#contract/retention.ts';
import { type Route, route } from '#http/route.ts';
import type { RetentionService } from './retention.service.ts';

export function retentionRoutes(retention: RetentionService): Route[] {
  return [
    route(retentionEndpoints.policies, ({ person }) => retention.policies(person())),
    route(retentionEndpoints.savePolicy, ({ person, body }) => retention.savePolicy(person(), body)),
    route(retentionEndpoints.removePolicy, ({ person, params, body }) =>
      retention.removePolicy(person(), params.id, body.reason),
    ),
    route(retentionEndpoints.preview, ({ person, body }) => retention.preview(person(), body)),
    route(retentionEndpoints.holds, ({ person, query }) => retention.holds(person(), query)),
    route(retentionEndpoints.placeHold, ({ person, body }) => retention.placeHold(person(), body)),
    route(retentionEndpoints.releaseHold, ({ person, params, body }) =>
      retention.releaseHold(person(), params.id, body.reason),
    ),
    route(retentionEndpoints.recording, ({ person, params }) => retention.recording(person(), params.id)),
    route(retentionEndpoints.classify, ({ person, params, body }) =>
      retention.classify(person(), params.id, body),
    ),
    route(retentionEndpoints.deleteRecording, ({ person, params, body }) =>
      retention.deleteRecording(person(), params.id, body.reason),
    ),
    route(retentionEndpoints.run, ({ person }) => retention.runNow(person())),
    route(retentionEndpoints.events, ({ person, query }) => retention.events(person(), query)),
  ];
}
