import { may } from '#contract/abilities.ts';
import { hearingsEndpoints } from '#contract/hearings.ts';
import { softphoneEndpoints } from '#contract/softphone.ts';
import { type Route, route } from '#http/route.ts';
import { AppError } from '#kernel/errors.ts';
import type { HearingsService } from './hearings.service.ts';

export function listeningRoutes(hearings: HearingsService): Route[] {
  return [
    // Under the agent's desk, but here: who heard a call is known on this floor, not to the calls domain.
    route(softphoneEndpoints.mine, async ({ person }) => {
      const agent = person();
      const decision = may(agent, 'softphone.answer');
      if (!decision.allowed) throw new AppError(decision.reason, 'Only agents have a desk.');
      return { calls: await hearings.agentCalls(agent.id) };
    }),
    route(hearingsEndpoints.hours, ({ person }) => hearings.hours(person())),
    route(hearingsEndpoints.ofMe, ({ person, query }) => hearings.heardMe(person(), query)),
    route(hearingsEndpoints.line, ({ person, params }) => hearings.line(person(), params.id)),
    route(hearingsEndpoints.lines, ({ person, query }) => hearings.linesOf(person(), query)),
    route(hearingsEndpoints.played, ({ person, params, body }) => hearings.played(person(), params.id, body)),
  ];
}
