import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useCallback, useContext, useLayoutEffect, useMemo } from 'react';
import { type Action, may } from '#contract/abilities.ts';
import { identityEndpoints, type Person, type Session } from '#contract/identity.ts';
import { call, carryCsrfToken } from './api.ts';
import type { ApiError } from './api-error.ts';
import { queryKey, useApiQuery } from './queries.ts';

interface SessionState {
  /** null until the server has answered. */
  readonly session: Session | null;
  readonly error: ApiError | null;
  retry(): void;
  signIn(personaId: string): Promise<void>;
  signOut(): Promise<void>;
}

const SessionContext = createContext<SessionState | null>(null);
const key = queryKey(identityEndpoints.session, {});

export function SessionProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const query = useApiQuery(identityEndpoints.session, {}, { staleTimeMs: Number.POSITIVE_INFINITY });
  const { data, error, refetch } = query;

  const renew = useCallback(async () => {
    const session = await call(identityEndpoints.session, {});
    carryCsrfToken(session.csrfToken, renew);
    client.setQueryData(key, session);
  }, [client]);
  useLayoutEffect(() => carryCsrfToken(data?.csrfToken ?? null, renew), [data, renew]);

  /** What the last person saw is nobody else's business: the cache goes with them. */
  const replace = useCallback(
    (session: Session) => {
      carryCsrfToken(session.csrfToken, renew);
      client.removeQueries({ predicate: (other) => other.queryKey[0] !== identityEndpoints.session.id });
      client.setQueryData(key, session);
    },
    [client, renew],
  );

  const state = useMemo<SessionState>(
    () => ({
      session: data ?? null,
      error: error && !data ? error : null,
      retry: () => void refetch(),
      signIn: async (personaId) => replace(await call(identityEndpoints.signIn, { body: { personaId } })),
      signOut: async () => replace(await call(identityEndpoints.signOut, {})),
    }),
    [data, error, refetch, replace],
  );
  return <SessionContext value={state}>{children}</SessionContext>;
}

export function useSession(): SessionState {
  const state = useContext(SessionContext);
  if (!state) throw new Error('useSession needs a SessionProvider above');
  return state;
}

/** The signed-in person; only below the shell, which lets nobody else in. */
export function usePerson(): Person {
  const person = useSession().session?.person;
  if (!person) throw new Error('usePerson is for pages behind the sign-in');
  return person;
}

/** May the signed-in person do this? The same table as the server's. */
export function useMay(): (action: Action, on?: { lineId?: string }) => boolean {
  const person = useSession().session?.person ?? null;
  return (action, on) => person !== null && may(person, action, on).allowed;
}
