import { may } from '#contract/abilities.ts';
import type { Person } from '#contract/identity.ts';
import { softphoneEndpoints } from '#contract/softphone.ts';
import { type Route, route } from '#http/route.ts';
import { AppError } from '#kernel/errors.ts';
import type { SoftphoneService } from './softphone.service.ts';

function agent(person: Person): Person {
  const decision = may(person, 'softphone.answer');
  if (!decision.allowed) throw new AppError(decision.reason, 'Only agents take browser calls.');
  return person;
}

export function softphoneRoutes(softphone: SoftphoneService): Route[] {
  return [
    route(softphoneEndpoints.open, ({ person, body }) => softphone.open(agent(person()), body)),
    route(softphoneEndpoints.end, ({ person, params }) =>
      softphone.hangUpByAgent(agent(person()), params.id),
    ),
    route(softphoneEndpoints.link, ({ params }) => softphone.link(params.token)),
  ];
}
