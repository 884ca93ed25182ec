import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { serverNow } from '../../app/server-clock.ts';
import { PlaybackGain } from './playback-gain.ts';
import { afterSilence, type TimeSpan } from './timeline-model.ts';

export const playbackRates = [0.75, 1, 1.25, 1.5, 1.75, 2] as const;

/** A signed address of the audio and when it stops working (UTC ms). */
export interface AudioAddress {
  readonly url: string;
  readonly expiresAt: number;
}

/** Plays one recording. Positions are milliseconds from its start. */
export interface Player {
  readonly media: HTMLAudioElement;
  readonly playing: boolean;
  /** Asked to play, but nothing is heard yet. */
  readonly waiting: boolean;
  readonly rate: number;
  readonly skipsSilence: boolean;
  /** The sound could not be fetched or decoded. */
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
  /** Told several times a second while playing, and at each seek. Returns the way to stop. */
  onPosition(listener: (positionMs: number) => void): () => void;
}

interface PlayerOptions {
  /** null until somebody wants to hear it: that is when an address is asked for, and the hearing logged. */
  readonly address: AudioAddress | null;
  /** No address, or one that is too old: get a new one. Playing goes on by itself when it arrives. */
  readonly needAddress: () => void;
  readonly durationMs: number;
  /** What "skip silence" leaves out, in order. */
  readonly silences: readonly TimeSpan[];
  /** Decibels to play it louder by, negative for quieter. */
  readonly gainDb: number;
}

/** An address that expires within this time is not started with. Milliseconds. */
const marginMs = 5_000;

export function usePlayer({ address, needAddress, durationMs, silences, gainDb }: PlayerOptions): Player {
  const [media] = useState(() => {
    const audio = new Audio();
    audio.preload = 'auto';
    // Web Audio is given silence of what another host served without being asked for by this one.
    audio.crossOrigin = 'anonymous';
    return audio;
  });
  const [gain] = useState(() => new PlaybackGain(media));
  const [playing, setPlaying] = useState(false);
  const [waiting, setWaiting] = useState(false);
  const [failed, setFailed] = useState(false);
  const [rate, setRate] = useState(1);
  const [skipsSilence, setSkipsSilence] = useState(false);
  const wanted = useRef(false);
  const watchers = useRef(new Set<(positionMs: number) => void>());
  const position = useCallback(() => media.currentTime * 1000, [media]);
  const tell = useCallback(() => {
    for (const watcher of watchers.current) watcher(position());
  }, [position]);

  useEffect(() => {
    const listeners: Partial<Record<keyof HTMLMediaElementEventMap, () => void>> = {
      play: () => setPlaying(true),
      pause: () => setPlaying(false),
      ended: () => setPlaying(false),
      waiting: () => setWaiting(true),
      playing: () => setWaiting(false),
      timeupdate: tell,
      seeking: tell,
      error: () => {
        setFailed(true);
        setPlaying(false);
        setWaiting(false);
      },
    };
    for (const [name, listener] of Object.entries(listeners)) media.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) media.removeEventListener(name, listener);
      media.pause();
    };
  }, [media, tell]);

  const start = useEffectEvent(() => {
    // A play that a pause or a new address interrupts rejects; the events have already said so.
    void media.play().catch(() => undefined);
  });
  useEffect(() => {
    if (!address || media.src === address.url) return;
    const at = media.currentTime;
    const goesOn = wanted.current || !media.paused;
    wanted.current = false;
    setFailed(false);
    media.src = address.url;
    // Before any data is there this sets where playing starts (HTML, default playback start position).
    if (at > 0) media.currentTime = at;
    if (goesOn) start();
  }, [media, address]);

  useEffect(() => gain.set(gainDb), [gain, gainDb]);
  useEffect(() => () => gain.close(), [gain]);

  useEffect(() => {
    media.preservesPitch = true;
    // The default is what a new address starts with.
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

  const ask = useEffectEvent(needAddress);
  return useMemo<Player>(() => {
    const seek = (positionMs: number) => {
      media.currentTime = Math.min(Math.max(0, positionMs), durationMs) / 1000;
      // Before anything is loaded the element keeps the position and tells nobody.
      if (media.readyState === media.HAVE_NOTHING) media.dispatchEvent(new Event('timeupdate'));
      else tell();
    };
    const play = () => {
      gain.start();
      if (media.ended) media.currentTime = 0;
      const usable = address && !media.error && address.expiresAt - marginMs > serverNow();
      if (usable) {
        void media.play().catch(() => undefined);
        return;
      }
      wanted.current = true;
      setWaiting(true);
      setFailed(false);
      ask();
    };
    return {
      media,
      playing,
      waiting,
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
      onPosition: (listener) => {
        watchers.current.add(listener);
        return () => {
          watchers.current.delete(listener);
        };
      },
    };
  }, [media, gain, address, durationMs, playing, waiting, rate, skipsSilence, failed, position, tell]);
}
