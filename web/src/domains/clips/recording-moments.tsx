import { ScissorOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { decisionsEndpoints } from '#contract/decisions.ts';
import { useApiQuery } from '#web/app/queries.ts';
import { useMay } from '#web/app/session.tsx';
import { clockLength } from '../../ui/format/time.ts';
import type { Player } from '../../ui/timeline/player.ts';
import { MarkButton, OpenNote } from '../bookmarks/mark-bar.tsx';
import { MomentList } from '../bookmarks/moment-list.tsx';
import momentStyles from '../bookmarks/moments.module.css';
import type { Moment } from '../bookmarks/moments.ts';
import type { Moments } from '../bookmarks/use-moments.ts';
import { ClipCutter, type ClipDraft } from './clip-cutter.tsx';
import { titleOf } from './clip-from-mark.tsx';
import { ClipList } from './clip-list.tsx';
import { spanAround } from './clip-span.ts';
import styles from './clips.module.css';
import { TalkedAbout } from './talked-about.tsx';
import { useClips } from './use-clips.ts';

export interface RecordingMomentsProps {
  readonly recording: { readonly id: string; readonly callId: string; readonly lineId: string };
  readonly durationMs: number;
  readonly player: Player;
  readonly moments: Moments;
  /** The clip that is being made; its ends are dragged on the timeline. */
  readonly draft: ClipDraft | null;
  readonly onDraft: (draft: ClipDraft | null) => void;
  /** A clip is heard: that is a hearing of the call. */
  readonly onHeard: () => void;
}

/** A clip that begins where one listens. */
export function draftAt(atMs: number, durationMs: number): ClipDraft {
  return { ...spanAround(atMs, durationMs), title: '', bookmarkId: null };
}

const draftFrom = (moment: Moment, durationMs: number): ClipDraft => ({
  ...spanAround(moment.offsetMs, durationMs),
  title: titleOf(moment),
  bookmarkId: moment.bookmark?.id ?? null,
});

/** The moments of a recording and the clips that were cut of it; both can be added to while one listens. */
export function RecordingMoments(props: RecordingMomentsProps) {
  const { recording, durationMs, player, moments, draft, onDraft, onHeard } = props;
  const { t } = useTranslation('clips');
  const marks = useTranslation('bookmarks');
  const mayCut = useMay()('clips.cut', { lineId: recording.lineId });
  const { clips } = useClips({ recordingId: recording.id }, recording.lineId);
  const cameOfIt = useApiQuery(decisionsEndpoints.ofRecording, { params: { id: recording.id } });
  const decisions = cameOfIt.data?.decisions ?? [];
  return (
    <>
      {draft && (
        <ClipCutter
          draft={draft}
          recordingId={recording.id}
          durationMs={durationMs}
          player={player}
          onChange={onDraft}
          onDone={() => onDraft(null)}
        />
      )}
      <section className={styles.panel} aria-label={marks.t('heading')}>
        <h2 className={styles.heading}>
          {marks.t('heading')}
          <MarkButton moments={moments} enabled />
        </h2>
        <OpenNote moments={moments} />
        <MomentList
          moments={moments}
          onGo={player.seek}
          empty={marks.t('emptyRecording')}
          actions={(moment) =>
            mayCut && (
              <Button
                type="text"
                size="small"
                icon={<ScissorOutlined />}
                aria-label={t('fromMark.open', { at: clockLength(moment.offsetMs) })}
                title={t('fromMark.open', { at: clockLength(moment.offsetMs) })}
                onClick={() => onDraft(draftFrom(moment, durationMs))}
              />
            )
          }
        />
      </section>
      <section className={styles.panel} aria-label={t('heading')}>
        <h2 className={styles.heading}>
          {t('heading')}
          {mayCut && (
            <Button
              icon={<ScissorOutlined aria-hidden />}
              disabled={draft !== null}
              onClick={() => onDraft(draftAt(player.position(), durationMs))}
              data-testid="cut-clip"
            >
              {t('cutNew')}
            </Button>
          )}
        </h2>
        {clips.length === 0 ? (
          <p className={momentStyles.quiet}>{t(mayCut ? 'emptyMay' : 'empty')}</p>
        ) : (
          <ClipList clips={clips} decisions={decisions} onPlay={player.pause} onHeard={onHeard} />
        )}
        {/* Moments that a meeting heard from the recording itself. */}
        <TalkedAbout decisions={decisions.filter(({ clipId }) => !clips.some(({ id }) => id === clipId))} />
      </section>
    </>
  );
}
