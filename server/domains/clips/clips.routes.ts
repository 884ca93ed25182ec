import { clipsEndpoints } from '#contract/clips.ts';
import { type Route, route } from '#http/route.ts';
import type { ClipsService } from './clips.service.ts';

export function clipsRoutes(clips: ClipsService): Route[] {
  return [
    route(clipsEndpoints.cut, ({ person, body }) => clips.cut(person(), body)),
    route(clipsEndpoints.list, ({ person, query }) => clips.list(person(), query)),
    route(clipsEndpoints.show, ({ person, params }) => clips.show(person(), params.id)),
    route(clipsEndpoints.audio, ({ person, params }) => clips.audio(person(), params.id)),
    route(clipsEndpoints.rename, ({ person, params, body }) => clips.rename(person(), params.id, body.title)),
    route(clipsEndpoints.retry, ({ person, params }) => clips.retry(person(), params.id)),
    route(clipsEndpoints.withdraw, ({ person, params, body }) =>
      clips.withdraw(person(), params.id, body.reason),
    ),
    route(clipsEndpoints.counts, ({ person, query }) =>
      clips.counts(person(), query.recordingIds.split(',')),
    ),
  ];
}
