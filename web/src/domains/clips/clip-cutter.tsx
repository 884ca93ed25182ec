import { CaretRightFilled, ScissorOutlined } from '@ant-design/icons';
import { Button, Input, type InputRef } from 'antd';
import { useEffect, useEffectEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { clipsEndpoints, clipTitleMaxLength } from '#contract/clips.ts';
import { newIdempotencyKey } from '#web/app/api.ts';
import { useApiCommand } from '#web/app/queries.ts';
import { clockLength } from '../../ui/format/time.ts';
import { ErrorNote } from '../../ui/states.tsx';
import type { Player } from '../../ui/timeline/player.ts';
import { type ClipSpan, moveEnd } from './clip-span.ts';
import styles from './clips.module.css';

/** A clip that is being made. */
export interface ClipDraft extends ClipSpan {
  readonly title: string;
  readonly bookmarkId: string | null;
}

/** Chooses what a clip holds: dragged on the timeline, or set to what is heard; heard beforehand; named; cut. */
export function ClipCutter({
  draft,
  recordingId,
  durationMs,
  player,
  onChange,
  onDone,
}: {
  draft: ClipDraft;
  recordingId: string;
  durationMs: number;
  player: Player;
  onChange: (draft: ClipDraft) => void;
  onDone: () => void;
}) {
  const { t } = useTranslation('clips');
  const title = useRef<InputRef>(null);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    // It may have been asked for further down the page.
    section.current?.scrollIntoView({ block: 'center' });
    title.current?.focus({ preventScroll: true });
  }, []);
  const preview = usePreview(player, draft);
  const command = useApiCommand(clipsEndpoints.cut, {
    refresh: [clipsEndpoints.list, clipsEndpoints.counts],
  });
  // The same wish sent twice is one clip.
  const key = useRef(newIdempotencyKey());
  const cut = () => {
    const { fromMs, toMs, bookmarkId } = draft;
    command.mutate(
      {
        body: {
          ...{ recordingId, fromMs: Math.round(fromMs), toMs: Math.round(toMs), title: draft.title },
          ...(bookmarkId !== null && { bookmarkId }),
          idempotencyKey: key.current,
        },
      },
      {
        onSuccess: onDone,
        onError: () => {
          key.current = newIdempotencyKey();
        },
      },
    );
  };
  const set = (end: 'from' | 'to') =>
    onChange({ ...draft, ...moveEnd(draft, end, player.position(), durationMs) });
  return (
    <section
      ref={section}
      className={styles.cutter}
      aria-label={t('cutter.heading')}
      data-testid="clip-cutter"
    >
      <div className={styles.ends}>
        {(['from', 'to'] as const).map((end) => (
          <span key={end} className={styles.end}>
            {t(`cutter.${end}`)} {clockLength(end === 'from' ? draft.fromMs : draft.toMs)}
            <Button size="small" onClick={() => set(end)}>
              {t('cutter.here')}
            </Button>
          </span>
        ))}
        <span className={styles.quiet}>
          {t('cutter.length', { length: clockLength(draft.toMs - draft.fromMs) })}
        </span>
        <Button size="small" icon={<CaretRightFilled />} onClick={preview}>
          {t('cutter.preview')}
        </Button>
      </div>
      <Input
        ref={title}
        className={styles.name ?? ''}
        aria-label={t('cutter.title')}
        placeholder={t('cutter.title')}
        maxLength={clipTitleMaxLength}
        value={draft.title}
        onChange={(event) => onChange({ ...draft, title: event.target.value })}
        onPressEnter={(event) => {
          if (!event.nativeEvent.isComposing) cut();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && !event.nativeEvent.isComposing) onDone();
        }}
      />
      <div className={styles.acts}>
        <Button onClick={onDone}>{t('cutter.cancel')}</Button>
        <Button
          type="primary"
          icon={<ScissorOutlined aria-hidden />}
          loading={command.isPending}
          onClick={cut}
        >
          {t('cutter.cut')}
        </Button>
      </div>
      <p className={styles.quiet}>{t('cutter.hint')}</p>
      {command.error && <ErrorNote error={command.error} />}
    </section>
  );
}

/** Plays the span once, from its beginning to its end. */
function usePreview(player: Player, { fromMs, toMs }: ClipSpan): () => void {
  const until = useRef<number | null>(null);
  const stopAt = useEffectEvent((positionMs: number) => {
    if (until.current === null || positionMs < until.current) return;
    until.current = null;
    player.pause();
  });
  useEffect(() => player.onPosition((ms) => stopAt(ms)), [player]);
  return () => {
    player.seek(fromMs);
    until.current = toMs;
    player.play();
  };
}
