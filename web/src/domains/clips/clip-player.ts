import { useEffect, useState } from 'react';
import { clipsEndpoints } from '#contract/clips.ts';
import type { ResponseOf } from '#contract/endpoint.ts';
import { useApiCommand } from '#web/app/queries.ts';
import { usePlayedReports } from '../recordings/use-played-reports.ts';

export interface ClipPlayer {
  /** The clip that plays, or was chosen last. */
  readonly clipId: string | null;
  readonly playing: boolean;
  readonly waiting: boolean;
  /** Played so far, 0–1. */
  readonly share: number;
  readonly error: unknown;
  readonly failed: boolean;
  toggle(clipId: string): void;
}

/** The first form of the sound that this browser can play. */
function addressOf({ renderings }: ResponseOf<typeof clipsEndpoints.audio>, audio: HTMLAudioElement): string {
  const fit = renderings.find(({ contentType }) => audio.canPlayType(contentType) !== '');
  return (fit ?? renderings[0])?.url ?? '';
}

/** Plays one clip at a time. Its address is asked for when somebody presses play: that is what is logged. */
export function useClipPlayer(onHeard?: () => void): ClipPlayer {
  const [audio] = useState(() => new Audio());
  const [clipId, setClipId] = useState<string | null>(null);
  const [playing, setPlaying] = useState(false);
  const [failed, setFailed] = useState(false);
  const [share, setShare] = useState(0);
  const command = useApiCommand(clipsEndpoints.audio);
  useEffect(() => {
    const listeners: Partial<Record<keyof HTMLMediaElementEventMap, () => void>> = {
      playing: () => setPlaying(true),
      pause: () => setPlaying(false),
      ended: () => setPlaying(false),
      timeupdate: () => setShare(audio.duration > 0 ? audio.currentTime / audio.duration : 0),
      error: () => {
        setFailed(true);
        setPlaying(false);
      },
    };
    for (const [name, listener] of Object.entries(listeners)) audio.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) audio.removeEventListener(name, listener);
      audio.pause();
    };
  }, [audio]);

  usePlayedReports({ media: audio, playing }, command.data?.hearingId);

  const start = () => void audio.play().catch(() => undefined);
  return {
    clipId,
    playing,
    waiting: command.isPending,
    share,
    error: command.error,
    failed,
    toggle(id) {
      if (id === clipId && playing) {
        audio.pause();
        return;
      }
      if (id === clipId && audio.src && !audio.ended && !failed) {
        start();
        return;
      }
      audio.pause();
      setClipId(id);
      setShare(0);
      setFailed(false);
      command.mutate(
        { params: { id } },
        {
          onSuccess: (answer) => {
            audio.src = addressOf(answer, audio);
            start();
            onHeard?.();
          },
        },
      );
    },
  };
}
