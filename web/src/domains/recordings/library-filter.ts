import { serverNow } from '../../app/server-clock.ts';
import { dayNumber, zonedTime } from '../../ui/format/time.ts';
import { myZone } from '../../ui/format/use-format.ts';
import type { RecordingFilter } from './use-recordings.ts';

/** Names of the facets in the address. */
export const facetNames = ['line', 'agent', 'scenario', 'tag', 'time'] as const;
export type FacetName = (typeof facetNames)[number];

/** Spans of time to choose from: how many days, today included. */
export const timeSpans = { today: 1, last7: 7, last30: 30 } as const;
export type TimeSpanName = keyof typeof timeSpans;

export function isTimeSpan(name: string | null): name is TimeSpanName {
  return name !== null && name in timeSpans;
}

/** What the address asks for, as the server wants it. Whole days, so that the same question stays the same question. */
export function filterFrom(
  search: URLSearchParams,
  now: number = serverNow(),
  zone: string = myZone,
): RecordingFilter {
  const time = search.get('time');
  const today = dayNumber(now, zone);
  return {
    lineId: search.get('line') ?? undefined,
    agentId: search.get('agent') ?? undefined,
    scenarioId: search.get('scenario') ?? undefined,
    tag: search.get('tag') ?? undefined,
    q: search.get('q') ?? undefined,
    from: isTimeSpan(time) ? zonedTime(today - timeSpans[time] + 1, 0, zone) : undefined,
  };
}
