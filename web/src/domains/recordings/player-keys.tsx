import { useTranslation } from 'react-i18next';
import { PageKeys } from '../../ui/keys.tsx';
import { type Player, playbackRates } from '../../ui/timeline/player.ts';
import type { Moments } from '../bookmarks/use-moments.ts';

/** The keys of every player, and those that mark and cut where one may. */
export function PlayerKeys({
  player,
  moments,
  onCut,
}: {
  player: Player;
  moments: Moments;
  onCut: (() => void) | null;
}) {
  const { t } = useTranslation('recordings');
  const marks = useTranslation('bookmarks');
  const clips = useTranslation('clips');
  const faster = (steps: number) => {
    const index = playbackRates.findIndex((rate) => rate >= player.rate) + steps;
    player.setRate(playbackRates[Math.min(Math.max(0, index), playbackRates.length - 1)] ?? 1);
  };
  return (
    <PageKeys
      keys={[
        { keys: [' ', 'k'], caps: [t('keys.space'), 'K'], does: t('keys.play'), run: player.toggle },
        { keys: ['ArrowLeft'], caps: ['←'], does: t('keys.back5'), run: () => player.nudge(-5_000) },
        { keys: ['ArrowRight'], caps: ['→'], does: t('keys.forward5'), run: () => player.nudge(5_000) },
        { keys: ['j'], caps: ['J'], does: t('keys.back10'), run: () => player.nudge(-10_000) },
        { keys: ['l'], caps: ['L'], does: t('keys.forward10'), run: () => player.nudge(10_000) },
        { keys: ['<', ','], caps: ['<'], does: t('keys.slower'), run: () => faster(-1) },
        { keys: ['>', '.'], caps: ['>'], does: t('keys.faster'), run: () => faster(1) },
        { keys: ['Home', '0'], caps: ['Home', '0'], does: t('keys.start'), run: () => player.seek(0) },
        {
          keys: ['s'],
          caps: ['S'],
          does: t('keys.silence'),
          run: () => player.setSkipsSilence(!player.skipsSilence),
        },
        ...(moments.mayMark
          ? [{ keys: ['m'], caps: ['M'], does: marks.t('keyMark'), run: moments.mark }]
          : []),
        ...(onCut ? [{ keys: ['c'], caps: ['C'], does: clips.t('cutNew'), run: onCut }] : []),
      ]}
    />
  );
}
