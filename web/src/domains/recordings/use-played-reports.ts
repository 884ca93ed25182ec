import { useEffect } from 'react';
import { hearingsEndpoints } from '#contract/hearings.ts';
import { call } from '../../app/api.ts';
import type { Player } from '../../ui/timeline/player.ts';

/** How often a player that plays says what it has played. Milliseconds. */
const reportEveryMs = 10_000;
const mostRanges = 200;

/**
 * Tells the server which pieces of the recording have been played, so that the hearing has its end and its minutes
 * count. A report that is lost is made good by the next one: each says everything since the hearing began.
 */
export function usePlayedReports(
  { media, playing }: Pick<Player, 'media' | 'playing'>,
  hearingId: string | undefined,
): void {
  useEffect(() => {
    if (hearingId === undefined || !playing) return;
    const report = () => {
      const ranges = Array.from({ length: Math.min(mostRanges, media.played.length) }, (_, index) => ({
        fromMs: Math.round(media.played.start(index) * 1000),
        toMs: Math.round(media.played.end(index) * 1000),
      })).filter(({ fromMs, toMs }) => toMs > fromMs);
      if (ranges.length === 0) return;
      void call(hearingsEndpoints.played, { params: { id: hearingId }, body: { ranges } }).catch(
        () => undefined,
      );
    };
    const timer = setInterval(report, reportEveryMs);
    return () => {
      clearInterval(timer);
      // It stopped, or the page is being left.
      report();
    };
  }, [media, playing, hearingId]);
}
