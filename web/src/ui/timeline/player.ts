import { useEffect, useEffectEvent, useMemo, useState } from 'react';
import { afterSilence, type TimeSpan } from './timeline-model.ts';

export const playbackRates = [0.75, 1, 1.25, 1.5, 1.75, 2] as const;

/** Plays one audio address. Positions are milliseconds from its start. */
export interface Player {
  readonly media: HTMLAudioElement;
  readonly playing: boolean;
  /** Wants to play but has no data yet. */
  readonly waiting: boolean;
  readonly rate: number;
  readonly skipsSilence: boolean;
  /** The media could not be fetched or decoded. */
  readonly failed: boolean;
  toggle(): void;
  play(): void;
  pause(): void;
  seek(positionMs: number): void;
  /** Moves by so many milliseconds, negative for back. */
  nudge(byMs: number): void;
  setRate(rate: number): void;
  setSkipsSilence(skip: boolean): void;
  position(): number;
}

interface PlayerOptions {
  /** Signed address; null while there is none yet. A new one (after expiry) carries on at the same position. */
  readonly url: string | null;
  readonly durationMs: number;
  /** What "skip silence" leaves out, in order. */
  readonly silences: readonly TimeSpan[];
  /** The address stopped working: get a new one. */
  readonly onFailure: () => void;
}

export function usePlayer({ url, durationMs, silences, onFailure }: PlayerOptions): Player {
  const [media] = useState(() => {
    const audio = new Audio();
    audio.preload = 'auto';
    return audio;
  });
  const [playing, setPlaying] = useState(false);
  const [waiting, setWaiting] = useState(false);
  const [failed, setFailed] = useState(false);
  const [rate, setRate] = useState(1);
  const [skipsSilence, setSkipsSilence] = useState(false);

  useEffect(() => {
    const listen: [keyof HTMLMediaElementEventMap, () => void][] = [
      ['play', () => setPlaying(true)],
      ['pause', () => setPlaying(false)],
      ['ended', () => setPlaying(false)],
      ['waiting', () => setWaiting(true)],
      ['playing', () => setWaiting(false)],
      ['canplay', () => setWaiting(false)],
    ];
    for (const [name, listener] of listen) media.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of listen) media.removeEventListener(name, listener);
      media.pause();
    };
  }, [media]);

  const failure = useEffectEvent(() => {
    setFailed(true);
    setWaiting(false);
    onFailure();
  });
  useEffect(() => {
    const listener = () => failure();
    media.addEventListener('error', listener);
    return () => media.removeEventListener('error', listener);
  }, [media]);

  useEffect(() => {
    if (url === null || media.src === url) return;
    const at = media.currentTime;
    const wasPlaying = !media.paused;
    setFailed(false);
    media.src = url;
    if (at > 0) media.currentTime = at;
    // A new source resets the speed to the default one.
    media.defaultPlaybackRate = media.playbackRate;
    if (wasPlaying) void media.play().catch(() => undefined);
  }, [media, url]);

  useEffect(() => {
    media.preservesPitch = true;
    media.defaultPlaybackRate = rate;
    media.playbackRate = rate;
  }, [media, rate]);

  useEffect(() => {
    if (!playing || !skipsSilence) return;
    let frame = 0;
    const watch = () => {
      const next = afterSilence(media.currentTime * 1000, silences);
      if (next !== null && !media.seeking) media.currentTime = next / 1000;
      frame = requestAnimationFrame(watch);
    };
    frame = requestAnimationFrame(watch);
    return () => cancelAnimationFrame(frame);
  }, [media, playing, skipsSilence, silences]);

  return useMemo<Player>(() => {
    const position = () => media.currentTime * 1000;
    const seek = (positionMs: number) => {
      media.currentTime = Math.min(Math.max(0, positionMs), durationMs) / 1000;
    };
    // A play that is interrupted by a pause or a new address rejects; the events have already said so.
    const play = () => void media.play().catch(() => undefined);
    return {
      media,
      playing,
      waiting: waiting && playing,
      rate,
      skipsSilence,
      failed,
      toggle: () => (media.paused ? play() : media.pause()),
      play,
      pause: () => media.pause(),
      seek,
      nudge: (byMs) => seek(position() + byMs),
      setRate,
      setSkipsSilence,
      position,
    };
  }, [media, durationMs, playing, waiting, rate, skipsSilence, failed]);
}
