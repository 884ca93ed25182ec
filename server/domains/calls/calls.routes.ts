import { may } from '#contract/abilities.ts';
import { type Call, callsEndpoints, telephonyEndpoints } from '#contract/calls.ts';
import type { Person } from '#contract/identity.ts';
import { type Route, route } from '#http/route.ts';
import { AppError } from '#kernel/errors.ts';
import type { CallsService } from './calls.service.ts';
import type { PausesService } from './pauses.service.ts';

/** `tellsAgents`: whether the agents of a line see how many listen while they do. */
export function callsRoutes(
  calls: CallsService,
  pauses: PausesService,
  tellsAgents: (lineId: string) => Promise<boolean>,
): Route[] {
  const shownTo = async (person: Person, call: Call): Promise<Call> =>
    person.role !== 'agent' || (await tellsAgents(call.lineId)) ? call : { ...call, listeners: 0 };
  return [
    route(telephonyEndpoints.open, ({ body }) => calls.open(body)),
    route(telephonyEndpoints.addLeg, ({ params, body }) => calls.addLeg(params.id, body)),
    route(telephonyEndpoints.updateLeg, ({ params, body }) =>
      calls.holdLeg(params.id, params.legId, body.hold),
    ),
    route(telephonyEndpoints.pause, ({ params }) => pauses.pause(params.id, 'telephony')),
    route(telephonyEndpoints.resume, ({ params }) => pauses.resume(params.id, 'telephony')),
    route(callsEndpoints.pause, async ({ params, person }) =>
      shownTo(person(), await pauses.pauseAs(person(), params.id)),
    ),
    route(callsEndpoints.resume, async ({ params, person }) =>
      shownTo(person(), await pauses.resumeAs(person(), params.id)),
    ),
    route(telephonyEndpoints.end, ({ params }) => calls.hangUp(params.id, 'telephony')),
    route(telephonyEndpoints.show, ({ params }) => calls.show(params.id)),
    route(callsEndpoints.live, async ({ query, person }) => {
      const who = person();
      const decision = may(who, 'calls.read', query.lineId ? { lineId: query.lineId } : {});
      if (!decision.allowed) throw new AppError(decision.reason, 'These calls are outside your scope.');
      const lineIds = query.lineId ? [query.lineId] : decision.scope === 'all' ? null : who.lineIds;
      const live = await calls.live(lineIds);
      return { calls: await Promise.all(live.map((call) => shownTo(who, call))) };
    }),
  ];
}
