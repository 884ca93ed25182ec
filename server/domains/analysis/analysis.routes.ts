import { analysisEndpoints } from '#contract/analysis.ts';
import { transcriptsEndpoints } from '#contract/transcripts.ts';
import { type Route, route } from '#http/route.ts';
import type { AnalysisService } from './analysis.service.ts';
import type { TranscriptsService } from './transcripts.service.ts';

export function analysisRoutes(analysis: AnalysisService, transcripts: TranscriptsService): Route[] {
  return [
    route(analysisEndpoints.show, ({ person, params }) => analysis.show(person(), params.id)),
    route(transcriptsEndpoints.show, ({ person, params }) => transcripts.show(person(), params.id)),
    route(transcriptsEndpoints.read, ({ person, params }) => transcripts.read(person(), params.id)),
  ];
}
