import { recordingsEndpoints } from '#contract/recordings.ts';
import { type Route, route } from '#http/route.ts';
import type { RecordingsService } from './recordings.service.ts';

export function recordingsRoutes(recordings: RecordingsService): Route[] {
  return [
    route(recordingsEndpoints.list, ({ person, query }) => recordings.list(person(), query)),
    route(recordingsEndpoints.show, ({ person, params }) => recordings.show(person(), params.id)),
    route(recordingsEndpoints.audio, ({ person, params }) => recordings.audio(person(), params.id)),
  ];
}
