import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { id, localText } from './primitives.ts';

export const role = z.enum(['listener', 'host', 'cx', 'owner', 'agent', 'admin']);
export type Role = z.infer<typeof role>;

/** `delayed`: hears calls some seconds behind and masked, never live; for guests and partners. */
export const ear = z.enum(['live', 'delayed']);
export type Ear = z.infer<typeof ear>;

/** A person as the web sees them. `lineIds` and `businessIds` are the scope that the owner map gives them. */
export const person = z.object({
  id,
  name: localText,
  title: localText,
  role,
  /** Absent: live. */
  ear: ear.optional(),
  businessIds: z.array(id),
  lineIds: z.array(id),
});
export type Person = z.infer<typeof person>;

export const session = z.object({
  person: person.nullable(),
  csrfToken: z.string(),
  authMode: z.enum(['demo', 'none']),
});
export type Session = z.infer<typeof session>;

export const identityEndpoints = {
  personas: endpoint({
    id: 'identity.personas',
    method: 'get',
    path: '/api/personas',
    summary: 'The demo personas to sign in as (only with AUTH_MODE=demo).',
    auth: 'none',
    response: z.object({ personas: z.array(person) }),
    errors: ['not-found'],
  }),
  session: endpoint({
    id: 'identity.session',
    method: 'get',
    path: '/api/session',
    summary: 'Who is signed in, and the CSRF token that every changing request sends as x-csrf-token.',
    auth: 'none',
    response: session,
  }),
  signIn: endpoint({
    id: 'identity.sign-in',
    method: 'post',
    path: '/api/session',
    summary: 'Sign in as a demo persona.',
    auth: 'none',
    body: z.object({ personaId: id }),
    response: session,
    errors: ['not-found', 'session.csrf'],
  }),
  signOut: endpoint({
    id: 'identity.sign-out',
    method: 'delete',
    path: '/api/session',
    summary: 'Sign out; the server-side session is gone.',
    auth: 'none',
    response: session,
    errors: ['session.csrf'],
  }),
} as const;
