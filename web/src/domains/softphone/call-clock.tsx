import { useEffect, useState } from 'react';
import { clockLength } from '../../ui/format/time.ts';

/** Time since a moment by this machine's own clock (ms), running: nobody else knows when we two began. */
export function CallClock({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  return <span>{clockLength(now - since)}</span>;
}
