import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '#contract/endpoint.ts';
import { type PeaksFile, type RecordingDetail, recordingsEndpoints } from '#contract/recordings.ts';
import { useApiCommand } from '../../app/queries.ts';
import { useMay } from '../../app/session.tsx';
import { ErrorNote } from '../../ui/states.tsx';
import { type AudioAddress, usePlayer } from '../../ui/timeline/player.ts';
import { Timeline } from '../../ui/timeline/timeline.tsx';
import { silences, talkShares } from '../../ui/timeline/timeline-model.ts';
import { useIsPhone } from '../../ui/use-media-query.ts';
import { Findings, RibbonLegend } from '../analysis/findings.tsx';
import { TagsPanel } from '../analysis/tags-panel.tsx';
import { TranscriptPanel } from '../analysis/transcript-panel.tsx';
import { useAnalysis } from '../analysis/use-analysis.ts';
import { useMomentPins } from '../bookmarks/moment-pins.ts';
import { useMoments } from '../bookmarks/use-moments.ts';
import type { ClipDraft } from '../clips/clip-cutter.tsx';
import { moveEnd } from '../clips/clip-span.ts';
import { MaskingNote } from '../clips/masking-note.tsx';
import { draftAt, RecordingMoments } from '../clips/recording-moments.tsx';
import { coarsePeaks } from './coarse-peaks.ts';
import { GapLegend } from './gap-legend.tsx';
import { keepSameLoudness, keptSameLoudness } from './kept-loudness.ts';
import { PlayerControls } from './player-controls.tsx';
import { PlayerKeys } from './player-keys.tsx';
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
      <PlayerControls
        player={player}
        failed={audio.isError}
        durationMs={durationMs}
        skippedMs={fine.data ? totalOf(quiet) : null}
        gainDb={gainDb}
        sameLoudness={sameLoudness}
        onSameLoudness={(same) => {
          keepSameLoudness(same);
          setSameLoudness(same);
        }}
      />
      {(summary || fine.data) && (
        <TalkShare shares={summary ? sharesOf(summary) : talkShares(fine.data ?? coarse)} />
      )}
      <GapLegend gaps={recording.gaps} />
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

function totalOf(spans: readonly { fromMs: number; toMs: number }[]): number {
  return spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
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
