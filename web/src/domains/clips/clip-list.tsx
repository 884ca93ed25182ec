import { CaretRightFilled, LoadingOutlined, PauseOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { type Clip, clipsEndpoints } from '#contract/clips.ts';
import type { Decision } from '#contract/decisions.ts';
import { useApiCommand } from '#web/app/queries.ts';
import { useLocalText } from '../../i18n/language.ts';
import { clockLength } from '../../ui/format/time.ts';
import { ErrorNote } from '../../ui/states.tsx';
import { ConveneLink } from '../meetings/convene-link.tsx';
import { type ClipPlayer, useClipPlayer } from './clip-player.ts';
import styles from './clips.module.css';
import { MaskingNote } from './masking-note.tsx';
import { TalkedAbout } from './talked-about.tsx';
import { WithdrawClip, Withdrawn } from './withdraw-clip.tsx';

/** Clips to hear, each by itself. */
export function ClipList({
  clips,
  onPlay,
  onHeard,
  decisions = [],
}: {
  clips: readonly Clip[];
  /** What meetings decided about them. */
  decisions?: readonly Decision[];
  /** A clip is about to sound: whatever else does had better stop. */
  onPlay?: () => void;
  onHeard?: () => void;
}) {
  const { t } = useTranslation('clips');
  const player = useClipPlayer(onHeard);
  const nameOf = (clip: Clip) => clipName(clip, t('untitled', { at: clockLength(clip.fromMs) }));
  const retry = useApiCommand(clipsEndpoints.retry, { refresh: [clipsEndpoints.list] });
  return (
    <>
      <ul className={styles.list} aria-label={t('heading')}>
        {clips.map((clip) => (
          <li key={clip.id} className={styles.clip} data-testid="clip" data-state={clip.state}>
            <PlayClip clip={clip} player={player} onPlay={onPlay} />
            <ClipWords clip={clip} />
            <span className={styles.ways}>
              {clip.state === 'failed' ? (
                <Button
                  size="small"
                  loading={retry.isPending}
                  onClick={() => retry.mutate({ params: { id: clip.id } })}
                >
                  {t('retry')}
                </Button>
              ) : (
                clip.withdrawn === null && (
                  <ConveneLink moment={{ clipId: clip.id }} about={nameOf(clip)} lineId={clip.lineId} />
                )
              )}
              <WithdrawClip clip={clip} name={nameOf(clip)} />
            </span>
            <TalkedAbout decisions={decisions.filter(({ clipId }) => clipId === clip.id)} />
            {player.clipId === clip.id && player.share > 0 && (
              <span className={styles.progress} aria-hidden>
                <span className={styles.done} style={{ width: `${player.share * 100}%` }} />
              </span>
            )}
          </li>
        ))}
      </ul>
      {(player.error !== null || retry.error) && <ErrorNote error={player.error ?? retry.error} />}
      {player.failed && <p role="alert">{t('soundFailed')}</p>}
    </>
  );
}

export function clipName(clip: Clip, untitled: string): string {
  return clip.title || untitled;
}

function ClipWords({ clip }: { clip: Clip }) {
  const { t } = useTranslation('clips');
  const local = useLocalText();
  const { fromMs, toMs, state, by, masking, withdrawn } = clip;
  return (
    <div className={styles.words}>
      <p className={styles.title}>{clipName(clip, t('untitled', { at: clockLength(fromMs) }))}</p>
      <p className={styles.meta}>
        <span>
          {clockLength(fromMs)}–{clockLength(toMs)}
        </span>
        <span>{local(by.name)}</span>
        {state !== 'ready' && state !== 'withdrawn' && (
          <span className={state === 'failed' ? styles.failed : ''} role="status">
            {t(`state.${state}`)}
          </span>
        )}
        {masking !== null && <MaskingNote masking={masking} />}
      </p>
      {withdrawn !== null && <Withdrawn withdrawal={withdrawn} />}
    </div>
  );
}

function PlayClip({
  clip,
  player,
  onPlay,
}: {
  clip: Clip;
  player: ClipPlayer;
  onPlay: (() => void) | undefined;
}) {
  const { t } = useTranslation('clips');
  const chosen = player.clipId === clip.id;
  const waiting = chosen && player.waiting;
  const named = { title: clipName(clip, t('untitled', { at: clockLength(clip.fromMs) })) };
  const sounds = chosen && player.playing;
  return (
    <Button
      shape="circle"
      type={sounds ? 'primary' : 'default'}
      icon={waiting ? <LoadingOutlined /> : sounds ? <PauseOutlined /> : <CaretRightFilled />}
      aria-label={t(sounds ? 'pause' : 'play', named)}
      disabled={clip.state !== 'ready'}
      onClick={() => {
        if (!sounds) onPlay?.();
        player.toggle(clip.id);
      }}
    />
  );
}
