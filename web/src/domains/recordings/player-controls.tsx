import { CaretRightFilled, LoadingOutlined, PauseOutlined } from '@ant-design/icons';
import { Button, Select, Switch } from 'antd';
import { useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clockLength } from '../../ui/format/time.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { type Player, playbackRates } from '../../ui/timeline/player.ts';
import { BackIcon, ForwardIcon } from './player-icons.tsx';
import styles from './recording-player.module.css';

/** Below the timeline: play and step, where it is, and how it is played. */
export function PlayerControls({
  player,
  failed,
  durationMs,
  skippedMs,
  gainDb,
  sameLoudness,
  onSameLoudness,
}: {
  player: Player;
  /** The address of the sound was refused. */
  failed: boolean;
  durationMs: number;
  /** How much silence there is to be left out; null while that is not known. */
  skippedMs: number | null;
  gainDb: number;
  sameLoudness: boolean;
  onSameLoudness: (same: boolean) => void;
}) {
  const { t } = useTranslation('recordings');
  return (
    <div className={styles.controls}>
      <div className={styles.transport}>
        <Button
          type="text"
          size="large"
          icon={<BackIcon />}
          aria-label={t('player.back')}
          onClick={() => player.nudge(-5_000)}
        />
        <PlayButton player={player} failed={failed} />
        <Button
          type="text"
          size="large"
          icon={<ForwardIcon />}
          aria-label={t('player.forward')}
          onClick={() => player.nudge(5_000)}
        />
        <Position player={player} durationMs={durationMs} />
      </div>
      <div className={styles.options}>
        <SkipSilence player={player} skippedMs={skippedMs} />
        <SameLoudness gainDb={gainDb} checked={sameLoudness} onChange={onSameLoudness} />
        <Select<number>
          aria-label={t('player.speed')}
          className={styles.speed ?? ''}
          value={player.rate}
          onChange={player.setRate}
          options={playbackRates.map((rate) => ({ value: rate, label: `${rate}×` }))}
        />
      </div>
    </div>
  );
}

function PlayButton({ player, failed }: { player: Player; failed: boolean }) {
  const { t } = useTranslation('recordings');
  const waiting = player.waiting && !failed && !player.failed;
  return (
    <Button
      type="primary"
      shape="circle"
      className={styles.play ?? ''}
      icon={waiting ? <LoadingOutlined /> : player.playing ? <PauseOutlined /> : <CaretRightFilled />}
      aria-label={waiting ? t('player.loadingSound') : player.playing ? t('player.pause') : t('player.play')}
      onClick={player.toggle}
    />
  );
}

function Position({ player, durationMs }: { player: Player; durationMs: number }) {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => player.onPosition((ms) => setSeconds(Math.floor(ms / 1000))), [player]);
  return (
    <span className={styles.position}>
      {clockLength(seconds * 1000)} <span className={styles.length}>/ {clockLength(durationMs)}</span>
    </span>
  );
}

function SkipSilence({ player, skippedMs }: { player: Player; skippedMs: number | null }) {
  const { t } = useTranslation('recordings');
  const id = useId();
  return (
    <span className={styles.skip}>
      <Switch id={id} size="small" checked={player.skipsSilence} onChange={player.setSkipsSilence} />
      <label htmlFor={id}>
        {t('player.skipSilence')}
        {skippedMs !== null && (
          <span className={styles.length}>
            {' '}
            {skippedMs > 0 ? t('player.skips', { length: clockLength(skippedMs) }) : t('player.noSilence')}
          </span>
        )}
      </label>
    </span>
  );
}

/** The file is left as it was recorded: only what comes out here is turned up or down. */
function SameLoudness({
  gainDb,
  checked,
  onChange,
}: {
  gainDb: number;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) {
  const { t } = useTranslation('recordings');
  const format = useFormat();
  const id = useId();
  const whole = Math.round(gainDb);
  return (
    <span className={styles.skip}>
      <Switch id={id} size="small" checked={checked} onChange={onChange} />
      <label htmlFor={id} title={t('player.sameLoudnessWhy')}>
        {t('player.sameLoudness')}
        {checked && whole !== 0 && (
          <span className={styles.length}>
            {' '}
            {t(whole > 0 ? 'player.louder' : 'player.quieter', { db: format.count(Math.abs(whole)) })}
          </span>
        )}
      </label>
    </span>
  );
}
