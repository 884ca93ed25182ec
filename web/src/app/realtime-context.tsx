import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useEffectEvent,
  useState,
  useSyncExternalStore,
} from 'react';
import type { PayloadOf, SocketEvent } from '#contract/socket.ts';
import { type Connection, openRealtime, type Realtime } from './realtime.ts';

const RealtimeContext = createContext<Realtime | null>(null);

/** One socket for everything below, from mount to unmount. `identity` opens a new one when somebody else signs in. */
export function RealtimeProvider({
  identity,
  customerToken,
  children,
}: {
  identity: string;
  customerToken?: string;
  children: ReactNode;
}) {
  const [realtime, setRealtime] = useState<Realtime | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `identity` is why the socket is opened anew.
  useEffect(() => {
    const opened = openRealtime(customerToken === undefined ? {} : { customerToken });
    setRealtime(opened);
    return () => {
      opened.close();
      setRealtime(null);
    };
  }, [identity, customerToken]);
  return <RealtimeContext value={realtime}>{children}</RealtimeContext>;
}

/** The socket; null only for the moment before it is opened. */
export function useRealtime(): Realtime | null {
  return useContext(RealtimeContext);
}

/** Runs the listener (always its latest version) for every such event while the component is mounted. */
export function useSocketEvent<E extends SocketEvent>(
  event: E,
  listener: (payload: PayloadOf<E>) => void,
): void {
  const realtime = useRealtime();
  const latest = useEffectEvent(listener);
  useEffect(() => realtime?.on(event, (payload) => latest(payload as PayloadOf<E>)), [realtime, event]);
}

/** The state of the line to the server. */
export function useConnection(): Connection {
  const realtime = useRealtime();
  return useSyncExternalStore(
    (changed) => realtime?.onConnection(changed) ?? (() => undefined),
    () => realtime?.connection ?? 'connecting',
  );
}
