import { CaretRightFilled, LoadingOutlined, PauseOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Select, Switch } from 'antd';
import { useEffect, useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '#contract/endpoint.ts';
import { type PeaksFile, type RecordingDetail, recordingsEndpoints } from '#contract/recordings.ts';
import { useApiCommand } from '../../app/queries.ts';
import { useMay } from '../../app/session.tsx';
import { clockLength } from '../../ui/format/time.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { PageKeys } from '../../ui/keys.tsx';
import { ErrorNote } from '../../ui/states.tsx';
import { type AudioAddress, type Player, playbackRates, usePlayer } from '../../ui/timeline/player.ts';
import { Timeline } from '../../ui/timeline/timeline.tsx';
import { silences, type TimelinePeaks, talkShares } from '../../ui/timeline/timeline-model.ts';
import { useIsPhone } from '../../ui/use-media-query.ts';
import { Findings, RibbonLegend } from '../analysis/findings.tsx';
import { TagsPanel } from '../analysis/tags-panel.tsx';
import { TranscriptPanel } from '../analysis/transcript-panel.tsx';
import { useAnalysis } from '../analysis/use-analysis.ts';
import { useMomentPins } from '../bookmarks/moment-pins.ts';
import { type Moments, useMoments } from '../bookmarks/use-moments.ts';
import type { ClipDraft } from '../clips/clip-cutter.tsx';
import { moveEnd } from '../clips/clip-span.ts';
import { MaskingNote } from '../clips/masking-note.tsx';
import { draftAt, RecordingMoments } from '../clips/recording-moments.tsx';
import { keepSameLoudness, keptSameLoudness } from './kept-loudness.ts';
import { BackIcon, ForwardIcon } from './player-icons.tsx';
import styles from './recording-player.module.css';
import { sharesOf, TalkShare } from './talk-share.tsx';
import { usePlayedReports } from './use-played-reports.ts';
import { fetchPeaks } from './use-recordings.ts';

/**
 * Plays an archived call on its timeline. The address of the sound is asked for when somebody presses play, not
 * before: that is the moment that the log calls a hearing.
 */
export function RecordingPlayer({
  recording,
  durationMs,
  onHeard,
}: {
  recording: RecordingDetail;
  durationMs: number;
  onHeard: () => void;
}) {
  const { t } = useTranslation('recordings');
  const phone = useIsPhone();
  const audio = useApiCommand(recordingsEndpoints.audio);
  const analysis = useAnalysis(recording.id);
  const track = analysis.track.data;
  const summary = analysis.shown.data?.summary;
  const peaksUrl = audio.data?.peaksUrl;
  const fine = useQuery<PeaksFile>({
    queryKey: ['peaks', recording.id],
    queryFn: ({ signal }) => fetchPeaks(peaksUrl ?? '', signal),
    enabled: peaksUrl !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const coarse = useMemo(() => coarsePeaks(recording, durationMs), [recording, durationMs]);
  const peaks = fine.data ?? coarse;
  // A thumbnail's buckets are seconds long: silence can only be told from the fine peaks.
  const quiet = useMemo(() => (fine.data ? silences(fine.data) : []), [fine.data]);
  const gainDb = audio.data?.gainDb ?? recording.loudness?.gainDb ?? 0;
  const [sameLoudness, setSameLoudness] = useState(keptSameLoudness);
  const address = useMemo(() => audio.data && playable(audio.data), [audio.data]);
  const player = usePlayer({
    address: address ?? null,
    gainDb: sameLoudness ? gainDb : 0,
    needAddress: () => audio.mutate({ params: { id: recording.id } }, { onSuccess: onHeard }),
    durationMs,
    silences: quiet,
  });
  usePlayedReports(player, audio.data?.hearingId);
  const { id: recordingId, callId, lineId } = recording;
  const moments = useMoments({ kind: 'recording', recordingId, callId, lineId }, player.position);
  const pins = useMomentPins(moments.list);
  const mayCut = useMay()('clips.cut', { lineId });
  const [draft, setDraft] = useState<ClipDraft | null>(null);
  return (
    <section className={styles.card} aria-label={t('recordingTitle')}>
      <Timeline
        peaks={peaks}
        durationMs={durationMs}
        media={player.media}
        gaps={recording.gaps}
        laneHeight={phone ? 52 : 80}
        pins={pins}
        {...(draft && {
          selection: {
            span: draft,
            onMove: (end, atMs) => setDraft({ ...draft, ...moveEnd(draft, end, atMs, durationMs) }),
          },
        })}
        {...(track && { ribbon: track })}
        onSeek={player.seek}
      />
      {track && <RibbonLegend track={track} />}
      {(audio.error || player.failed) && <SoundFailed error={audio.error} onRetry={player.play} />}
      <div className={styles.controls}>
        <div className={styles.transport}>
          <Button
            type="text"
            size="large"
            icon={<BackIcon />}
            aria-label={t('player.back')}
            onClick={() => player.nudge(-5_000)}
          />
          <PlayButton player={player} failed={audio.isError} />
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
          <SkipSilence player={player} skippedMs={fine.data ? totalOf(quiet) : null} />
          <SameLoudness
            gainDb={gainDb}
            checked={sameLoudness}
            onChange={(same) => {
              keepSameLoudness(same);
              setSameLoudness(same);
            }}
          />
          <Select<number>
            aria-label={t('player.speed')}
            className={styles.speed ?? ''}
            value={player.rate}
            onChange={player.setRate}
            options={playbackRates.map((rate) => ({ value: rate, label: `${rate}×` }))}
          />
        </div>
      </div>
      {(summary || fine.data) && (
        <TalkShare shares={summary ? sharesOf(summary) : talkShares(fine.data ?? coarse)} />
      )}
      <GapLegend recording={recording} />
      <RecordingMoments
        recording={recording}
        durationMs={durationMs}
        player={player}
        moments={moments}
        draft={draft}
        onDraft={setDraft}
        onHeard={onHeard}
      />
      <Findings analysis={analysis} onSeek={player.seek} />
      <TagsPanel recordingId={recording.id} lineId={recording.lineId} onSeek={player.seek} onRead={onHeard} />
      <TranscriptPanel
        recordingId={recording.id}
        player={player}
        heard={audio.data !== undefined}
        onRead={onHeard}
      />
      <div className={styles.foot}>
        <p>
          {t('player.logged')}
          {audio.data && (
            <>
              {' '}
              <MaskingNote masking={audio.data.masking} />
            </>
          )}
        </p>
        <PlayerKeys
          player={player}
          moments={moments}
          onCut={mayCut ? () => setDraft(draftAt(player.position(), durationMs)) : null}
        />
      </div>
    </section>
  );
}

/** The first form of the sound that this browser can play: the master, or for others the AAC rendering. */
function playable({
  url,
  renderings,
  expiresAt,
}: ResponseOf<typeof recordingsEndpoints.audio>): AudioAddress {
  const probe = new Audio();
  const fit = renderings.find(({ contentType }) => probe.canPlayType(contentType) !== '');
  return { url: fit?.url ?? url, expiresAt };
}

/** Buckets of the first picture: enough for bars side by side. */
const coarseBuckets = 512;

/** The thumbnail of the list as a first picture, until the fine peaks are there. */
function coarsePeaks(recording: RecordingDetail, durationMs: number): TimelinePeaks {
  const stretch = (values: readonly number[]) =>
    Array.from({ length: coarseBuckets }, (_, bucket) => {
      const at = (bucket / (coarseBuckets - 1)) * (values.length - 1);
      const before = values[Math.floor(at)] ?? 0;
      const after = values[Math.ceil(at)] ?? 0;
      return Math.round(before + (after - before) * (at % 1));
    });
  const { agent, customer } = recording.thumbnail ?? { agent: [0], customer: [0] };
  return {
    bucketMs: durationMs / coarseBuckets,
    channels: { agent: stretch(agent), customer: stretch(customer) },
  };
}

function totalOf(spans: readonly { fromMs: number; toMs: number }[]): number {
  return spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
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

function PlayerKeys({
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

function GapLegend({ recording }: { recording: RecordingDetail }) {
  const { t } = useTranslation('recordings');
  const holds = recording.gaps.some((gap) => gap.cause === 'hold');
  const pauses = recording.gaps.some((gap) => gap.cause === 'pause');
  const others = recording.gaps.some((gap) => gap.cause !== 'hold' && gap.cause !== 'pause');
  if (!holds && !pauses && !others) return null;
  return (
    <p className={styles.legend}>
      {pauses && (
        <span>
          <span className={styles.crossed} aria-hidden /> {t('gaps.crossed')}
        </span>
      )}
      {holds && (
        <span>
          <span className={styles.hatched} aria-hidden /> {t('gaps.hatched')}
        </span>
      )}
      {others && (
        <span>
          <span className={styles.grey} aria-hidden /> {t('gaps.grey')}
        </span>
      )}
    </p>
  );
}

function SoundFailed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation('recordings');
  const app = useTranslation('app');
  return (
    <div className={styles.failure}>
      {error ? <ErrorNote error={error} /> : <p role="alert">{t('soundFailed')}</p>}
      <Button onClick={onRetry}>{app.t('retry')}</Button>
    </div>
  );
}
