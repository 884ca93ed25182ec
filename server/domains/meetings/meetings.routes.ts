import { decisionsEndpoints } from '#contract/decisions.ts';
import { meetingsEndpoints } from '#contract/meetings.ts';
import { type Route, route } from '#http/route.ts';
import type { ActionsService } from './actions.service.ts';
import type { AgendaAudio } from './agenda-audio.service.ts';
import type { DecisionsService } from './decisions.service.ts';
import type { InvitationsService } from './invitations.service.ts';
import type { MeetingsService } from './meetings.service.ts';

export function meetingsRoutes(
  meetings: MeetingsService,
  actions: ActionsService,
  invitations: InvitationsService,
  agenda: AgendaAudio,
  decisions: DecisionsService,
): Route[] {
  return [
    route(meetingsEndpoints.propose, ({ person, body }) => meetings.propose(person(), body)),
    route(meetingsEndpoints.plan, ({ person, body }) => meetings.plan(person(), body)),
    route(meetingsEndpoints.people, ({ person }) => meetings.people(person())),
    route(meetingsEndpoints.list, ({ person }) => meetings.list(person())),
    route(meetingsEndpoints.show, ({ person, params }) => meetings.show(person(), params.id)),
    route(meetingsEndpoints.change, ({ person, params, body }) => meetings.change(person(), params.id, body)),
    route(meetingsEndpoints.hold, ({ person, params, body }) =>
      meetings.hold(person(), params.id, body.revision),
    ),
    route(meetingsEndpoints.cancel, ({ person, params, body }) =>
      meetings.cancel(person(), params.id, body.revision),
    ),
    route(meetingsEndpoints.invitation, async ({ person, params }) =>
      invitations.file(await meetings.present(person(), params.id)),
    ),
    route(meetingsEndpoints.audio, async ({ person, params }) =>
      agenda.audio(person(), await meetings.present(person(), params.id), params.itemId),
    ),
    route(meetingsEndpoints.note, ({ person, params, body }) =>
      meetings.note(person(), params.id, params.itemId, body),
    ),
    route(meetingsEndpoints.decide, async ({ person, params, body }) =>
      actions.decide(person(), await meetings.present(person(), params.id), body),
    ),
    route(decisionsEndpoints.ofRecording, ({ person, params }) => decisions.ofRecording(person(), params.id)),
    route(meetingsEndpoints.myActions, ({ person }) => actions.mine(person())),
    route(meetingsEndpoints.changeAction, ({ person, params, body }) =>
      actions.change(person(), params.id, body),
    ),
  ];
}
