import { CaretRightFilled, LoadingOutlined, PauseOutlined } from '@ant-design/icons';
import { Button, Select } from 'antd';
import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '#contract/endpoint.ts';
import { type AgendaItem, meetingsEndpoints } from '#contract/meetings.ts';
import { useApiCommand } from '../../app/queries.ts';
import { clockLength } from '../../ui/format/time.ts';
import { ErrorNote } from '../../ui/states.tsx';
import { type Player, playbackRates, usePlayer } from '../../ui/timeline/player.ts';
import { Timeline } from '../../ui/timeline/timeline.tsx';
import type { TimelinePeaks } from '../../ui/timeline/timeline-model.ts';
import { useIsPhone } from '../../ui/use-media-query.ts';
import { usePlayedReports } from '../recordings/use-played-reports.ts';
import styles from './meetings.module.css';

/** Buckets of the picture: enough for bars side by side. */
const buckets = 256;

type Sound = ResponseOf<typeof meetingsEndpoints.audio>;

/**
 * Plays one item of an agenda from its first moment to its last, at once: whoever is here has pressed play. The sound
 * is the clip's own file, or, where none was cut, the recording's within the item's bounds.
 */
export function AgendaPlayer({
  meetingId,
  item,
  onEnded,
}: {
  meetingId: string;
  item: AgendaItem;
  onEnded: () => void;
}) {
  const { t } = useTranslation('meetings');
  const app = useTranslation('app');
  const phone = useIsPhone();
  const audio = useApiCommand(meetingsEndpoints.audio);
  const sound = audio.data;
  const fromMs = sound?.fromMs ?? 0;
  const toMs = sound?.toMs ?? item.toMs - item.fromMs;
  const address = useMemo(() => (sound ? playable(sound) : null), [sound]);
  const player = usePlayer({
    address,
    gainDb: sound?.gainDb ?? 0,
    needAddress: () => audio.mutate({ params: { id: meetingId, itemId: item.id } }),
    durationMs: toMs,
    silences: [],
  });
  usePlayedReports(player, sound?.hearingId);
  const peaks = useMemo(() => peaksOf(item, fromMs, toMs), [item, fromMs, toMs]);
  const begun = useRef(false);
  const begin = useEffectEvent(() => player.play());
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    begin();
  }, []);
  usePlayWithin(player, fromMs, toMs, onEnded);
  const failed = audio.isError || player.failed;
  const waiting = player.waiting && !failed;
  const label = player.playing || waiting ? t('agenda.pause') : t('agenda.play', { title: item.title });
  return (
    <div className={styles.player} data-testid="agenda-player" data-playing={player.playing}>
      <Timeline
        peaks={peaks}
        durationMs={toMs}
        media={player.media}
        laneHeight={phone ? 32 : 40}
        onSeek={(ms) => player.seek(Math.max(fromMs, ms))}
      />
      {failed && (
        <div className={styles.failure}>
          {audio.error ? <ErrorNote error={audio.error} /> : <p role="alert">{t('agenda.soundFailed')}</p>}
          <Button onClick={player.play}>{app.t('retry')}</Button>
        </div>
      )}
      <div className={styles.controls}>
        <PlayButton waiting={waiting} playing={player.playing} label={label} onClick={player.toggle} />
        <Position player={player} fromMs={fromMs} toMs={toMs} />
        <Select<number>
          className={styles.speed ?? ''}
          aria-label={app.t('speed')}
          value={player.rate}
          onChange={player.setRate}
          options={playbackRates.map((rate) => ({ value: rate, label: `${rate}×` }))}
        />
      </div>
    </div>
  );
}

function playable({ renderings, expiresAt }: Sound) {
  const probe = new Audio();
  const fit = renderings.find(({ contentType }) => probe.canPlayType(contentType) !== '');
  return { url: (fit ?? renderings[0])?.url ?? '', expiresAt };
}

/** Starts where the item starts, and says so when it is over, by its own bounds or by the file's end. */
function usePlayWithin(player: Player, fromMs: number, toMs: number, onEnded: () => void): void {
  const { media } = player;
  const over = useEffectEvent(() => {
    player.pause();
    onEnded();
  });
  useEffect(() => {
    const start = () => {
      if (media.currentTime * 1000 < fromMs) media.currentTime = fromMs / 1000;
    };
    const look = () => {
      if (!media.paused && media.currentTime * 1000 >= toMs) over();
    };
    media.addEventListener('loadedmetadata', start);
    media.addEventListener('timeupdate', look);
    media.addEventListener('ended', over);
    return () => {
      media.removeEventListener('loadedmetadata', start);
      media.removeEventListener('timeupdate', look);
      media.removeEventListener('ended', over);
    };
  }, [media, fromMs, toMs]);
}

function Position({ player, fromMs, toMs }: { player: Player; fromMs: number; toMs: number }) {
  const [at, setAt] = useState(0);
  useEffect(() => player.onPosition(setAt), [player]);
  return (
    <span className={styles.position}>
      {clockLength(Math.max(0, at - fromMs))} / {clockLength(toMs - fromMs)}
    </span>
  );
}

/** The item's picture over the time axis of its file; silent before it where the file is the whole recording. */
function peaksOf({ picture }: AgendaItem, fromMs: number, toMs: number): TimelinePeaks {
  const bucketMs = toMs / buckets;
  const stretch = (values: readonly number[]) =>
    Array.from({ length: buckets }, (_, bucket) => {
      const within = (bucket * bucketMs - fromMs) / (toMs - fromMs);
      return within < 0 ? 0 : (values[Math.min(values.length - 1, Math.floor(within * values.length))] ?? 0);
    });
  const { agent, customer } = picture ?? { agent: [], customer: [] };
  return { bucketMs, channels: { agent: stretch(agent), customer: stretch(customer) } };
}

/** The button of a player, in the three states that it has. */
function PlayButton({
  waiting,
  playing,
  label,
  onClick,
}: {
  waiting: boolean;
  playing: boolean;
  label: string;
  onClick: () => void;
}) {
  return (
    <Button
      type="primary"
      shape="circle"
      icon={waiting ? <LoadingOutlined /> : playing ? <PauseOutlined /> : <CaretRightFilled />}
      aria-label={label}
      onClick={onClick}
    />
  );
}
