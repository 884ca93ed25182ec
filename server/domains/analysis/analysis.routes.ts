import { analysisEndpoints } from '#contract/analysis.ts';
import { tagsEndpoints } from '#contract/tags.ts';
import { transcriptsEndpoints } from '#contract/transcripts.ts';
import { type Route, route } from '#http/route.ts';
import type { AnalysisService } from './analysis.service.ts';
import type { TagsService } from './tags.service.ts';
import type { TranscriptsService } from './transcripts.service.ts';

export function analysisRoutes(
  analysis: AnalysisService,
  transcripts: TranscriptsService,
  tags: TagsService,
): Route[] {
  return [
    route(analysisEndpoints.show, ({ person, params }) => analysis.show(person(), params.id)),
    route(transcriptsEndpoints.show, ({ person, params }) => transcripts.show(person(), params.id)),
    route(transcriptsEndpoints.read, ({ person, params }) => transcripts.read(person(), params.id)),
    route(tagsEndpoints.choices, ({ person }) => tags.choices(person())),
    route(tagsEndpoints.list, ({ person, params }) => tags.list(person(), params.id)),
    route(tagsEndpoints.why, ({ person, params }) => tags.why(person(), params.id, params.tag)),
    route(tagsEndpoints.decide, ({ person, params, body }) =>
      tags.decide(person(), { recordingId: params.id, tag: params.tag }, body),
    ),
  ];
}
