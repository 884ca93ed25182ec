import { identityEndpoints } from '#contract/identity.ts';
import { type Route, route } from '#http/route.ts';
import type { Identity } from './identity.service.ts';

export function identityRoutes(identity: Identity): Route[] {
  const { authMode } = identity;
  return [
    route(identityEndpoints.personas, async () => ({ personas: await identity.personas() })),
    route(identityEndpoints.session, async ({ visitor, session }) => ({
      person: visitor,
      csrfToken: session.csrfToken,
      authMode,
    })),
    route(identityEndpoints.signIn, async ({ body, session }) => {
      const person = await identity.persona(body.personaId);
      const { csrfToken } = await session.signIn(person.id);
      return { person, csrfToken, authMode };
    }),
    route(identityEndpoints.signOut, async ({ session }) => {
      const { csrfToken } = await session.signOut();
      return { person: null, csrfToken, authMode };
    }),
  ];
}
