import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { type MouseEvent, useEffect, useEffectEvent, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type TranscriptFile,
  type TranscriptWord,
  transcriptFile,
  transcriptsEndpoints,
  type Utterance,
} from '#contract/transcripts.ts';
import { call } from '../../app/api.ts';
import { ApiError } from '../../app/api-error.ts';
import { queryKey, useApiCommand } from '../../app/queries.ts';
import { clockLength } from '../../ui/format/time.ts';
import { ErrorNote, LoadingRows } from '../../ui/states.tsx';
import type { Player } from '../../ui/timeline/player.ts';
import { VoiceName } from '../../ui/voice-name.tsx';
import styles from './transcript-panel.module.css';
import { joinsWithoutSpace, wordAt } from './transcript-words.ts';

/** Milliseconds between two looks while it is being written down. */
const lookEveryMs = 5_000;
/** After somebody scrolled by hand the text stays where it is for so long. ms */
const handsOffMs = 4_000;

/**
 * What was said, in step with the player. It is asked for when somebody wants to read or has begun to listen: that is
 * what the log calls a hearing.
 */
export function TranscriptPanel({
  recordingId,
  player,
  heard,
  onRead,
}: {
  recordingId: string;
  player: Player;
  /** The sound was asked for already: reading adds nothing to the log. */
  heard: boolean;
  onRead: () => void;
}) {
  const { t } = useTranslation('analysis');
  const input = { params: { id: recordingId } };
  const shown = useQuery({
    queryKey: queryKey(transcriptsEndpoints.show, input),
    queryFn: ({ signal }) => call(transcriptsEndpoints.show, input, { signal }),
    refetchInterval: (query) => (query.state.data?.state === 'waiting' ? lookEveryMs : false),
  });
  const address = useApiCommand(transcriptsEndpoints.read);
  const url = address.data?.url;
  const transcript = useQuery<TranscriptFile, ApiError>({
    queryKey: ['transcript', recordingId, shown.data?.words],
    queryFn: ({ signal }) => fetchTranscript(url ?? '', signal),
    enabled: url !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const state = shown.data?.state ?? 'none';
  const read = () => address.mutate(input, { onSuccess: onRead });
  const readWithSound = useEffectEvent(read);
  useEffect(() => {
    if (heard && state === 'done') readWithSound();
  }, [heard, state]);
  if (state === 'none') return null;
  return (
    <section className={styles.panel} aria-label={t('transcript.heading')}>
      <h2 className={styles.heading}>{t('transcript.heading')}</h2>
      {state !== 'done' ? (
        <p className={styles.quiet} role="status">
          {t(`transcript.${state}`)}
        </p>
      ) : transcript.data ? (
        <Text transcript={transcript.data} player={player} />
      ) : address.error || transcript.error ? (
        <>
          <ErrorNote error={address.error ?? transcript.error} />
          <Button onClick={read}>{t('transcript.read')}</Button>
        </>
      ) : address.isIdle ? (
        <div className={styles.offer}>
          <Button onClick={read}>{t('transcript.read')}</Button>
          <span className={styles.quiet}>{t('transcript.logged')}</span>
        </div>
      ) : (
        <LoadingRows rows={3} height={32} />
      )}
    </section>
  );
}

async function fetchTranscript(url: string, signal: AbortSignal): Promise<TranscriptFile> {
  const response = await fetch(url, { signal });
  if (!response.ok) {
    throw new ApiError('store.storage', `the transcript answered ${response.status}`, {
      status: response.status,
    });
  }
  return transcriptFile.parse(await response.json());
}

function Text({ transcript, player }: { transcript: TranscriptFile; player: Player }) {
  const { t } = useTranslation('analysis');
  const box = useRef<HTMLOListElement>(null);
  const words = useMemo(() => transcript.utterances.flatMap((one) => one.words), [transcript]);
  useFollowed(box, words, player);
  if (words.length === 0) return <p className={styles.quiet}>{t('transcript.empty')}</p>;
  const clicked = (event: MouseEvent) => {
    const from = (event.target as HTMLElement).closest<HTMLElement>('[data-from]')?.dataset.from;
    if (from !== undefined) player.seek(Number(from));
  };
  return (
    <>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: for the keyboard each utterance has a button; single words are a pointer's. */}
      <ol ref={box} className={styles.text} onClick={clicked} aria-label={t('transcript.heading')}>
        {transcript.utterances.map((one) => (
          <Line key={`${one.by}-${one.words[0]?.fromMs}`} utterance={one} />
        ))}
      </ol>
      <p className={styles.quiet}>{t('transcript.by', { transcriber: transcript.transcriber })}</p>
    </>
  );
}

function Line({ utterance: { by, words } }: { utterance: Utterance }) {
  const { t } = useTranslation('analysis');
  const fromMs = words[0]?.fromMs ?? 0;
  return (
    <li className={styles.line}>
      <span className={styles.who}>
        <VoiceName voice={by} />
        <button
          type="button"
          className={styles.time}
          data-from={fromMs}
          aria-label={t('goTo', { at: clockLength(fromMs) })}
        >
          {clockLength(fromMs)}
        </button>
      </span>
      <p className={styles.words}>
        {words.map((word, index) => (
          <Word
            // biome-ignore lint/suspicious/noArrayIndexKey: the words of an utterance never change.
            key={index}
            word={word}
            spaced={index > 0 && !joinsWithoutSpace(words[index - 1]?.text ?? '', word.text)}
          />
        ))}
      </p>
    </li>
  );
}

function Word({ word, spaced }: { word: TranscriptWord; spaced: boolean }) {
  const { t } = useTranslation('analysis');
  const { masked, fromMs, text } = word;
  return (
    <>
      {spaced && ' '}
      {masked ? (
        <span className={styles.masked} data-from={fromMs} title={t('transcript.maskedWhy')}>
          {t(`transcript.masked.${masked}`)}
        </span>
      ) : (
        <span className={styles.word} data-from={fromMs}>
          {text}
        </span>
      )}
    </>
  );
}

/** Marks the word that is being said, several times a second and past React, and keeps it in view. */
function useFollowed(
  box: React.RefObject<HTMLOListElement | null>,
  words: readonly TranscriptWord[],
  player: Player,
): void {
  useEffect(() => {
    const list = box.current;
    if (!list) return;
    const marks = list.querySelectorAll<HTMLElement>('p [data-from]');
    let current: HTMLElement | undefined;
    let scrolledAt = Number.NEGATIVE_INFINITY;
    const handScrolls = () => {
      scrolledAt = performance.now();
    };
    list.addEventListener('wheel', handScrolls, { passive: true });
    list.addEventListener('touchmove', handScrolls, { passive: true });
    const stop = player.onPosition((ms) => {
      const next = marks[wordAt(words, ms)];
      if (next === current) return;
      current?.removeAttribute('data-current');
      next?.setAttribute('data-current', '');
      current = next;
      if (!next || performance.now() - scrolledAt < handsOffMs) return;
      const { top, bottom } = next.getBoundingClientRect();
      const frame = list.getBoundingClientRect();
      // Only the text moves, never the page.
      if (top < frame.top || bottom > frame.bottom) {
        list.scrollTop += top - frame.top - frame.height / 3;
      }
    });
    return () => {
      stop();
      list.removeEventListener('wheel', handScrolls);
      list.removeEventListener('touchmove', handScrolls);
    };
  }, [box, words, player]);
}
