import { analysisEndpoints } from '#contract/analysis.ts';
import { type Route, route } from '#http/route.ts';
import type { AnalysisService } from './analysis.service.ts';

export function analysisRoutes(analysis: AnalysisService): Route[] {
  return [route(analysisEndpoints.show, ({ person, params }) => analysis.show(person(), params.id))];
}
