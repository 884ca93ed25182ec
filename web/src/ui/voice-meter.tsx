import { useEffect, useEffectEvent, useRef } from 'react';
import type { LegRole } from '#contract/primitives.ts';
import { speakingRms } from '../app/audio-level.ts';
import { usePalette } from './theme/palette-context.ts';
import { useMediaQuery } from './use-media-query.ts';
import styles from './voice-meter.module.css';

/** Frames per second that are drawn; the screen may have more. */
const framesPerSecond = 30;
/** One bar of the past, ms. */
const barMs = 120;
const barWidth = 4;
const barStep = 7;
/** Somebody who paused for less than this still speaks. Milliseconds. */
const speakingHoldMs = 400;
/** With reduced motion: one bar that is set anew this often. Milliseconds. */
const stillEveryMs = 250;

/**
 * How loud a voice is now and was in the last seconds, newest at the right. It draws by itself on a canvas, without
 * React; `onSpeaking` is called when somebody begins or stops to speak, at most a few times a second.
 * It says nothing to screen readers: what it stands beside does.
 */
export function VoiceMeter({
  read,
  voice,
  on,
  height,
  onSpeaking,
}: {
  /** Root mean square of the voice, 0–1. Asked at every frame. */
  read: () => number;
  voice: LegRole;
  /** Off, it shows a resting line. */
  on: boolean;
  /** CSS pixels. */
  height: number;
  onSpeaking?: (speaking: boolean) => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const palette = usePalette();
  const still = useMediaQuery('(prefers-reduced-motion: reduce)');
  const colour = voice === 'customer' ? palette.customer : palette.agent;
  const rest = palette.over;
  const level = useEffectEvent(read);
  const tellSpeaking = useEffectEvent((speaking: boolean) => onSpeaking?.(speaking));

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    let width = 0;
    let bars: number[] = [];
    let bar = 0;
    let barSince = performance.now();
    let drawnAt = 0;
    let speaking = false;
    let spokeAt = Number.NEGATIVE_INFINITY;
    tellSpeaking(false);

    const draw = (now: number) => {
      context.clearRect(0, 0, width, height);
      if (still) {
        drawStill(context, { width, height, colour, rest, loudness: on ? bar : 0 });
        return;
      }
      const count = Math.ceil(width / barStep) + 1;
      const shift = on ? ((now - barSince) / barMs) * barStep : 0;
      for (let back = 0; back < count; back++) {
        const loudness = back === 0 ? bar : (bars[bars.length - back] ?? 0);
        const x = width - barWidth - back * barStep - (back === 0 ? 0 : shift);
        // The past fades to the left, so that the eye stays at the right: now.
        context.globalAlpha = on ? Math.max(0.18, 1 - (back / count) * 0.9) : 0.45;
        context.fillStyle = on && loudness > 0 ? colour : rest;
        const length = Math.max(barWidth, loudness * height);
        context.beginPath();
        context.roundRect(x, (height - length) / 2, barWidth, length, barWidth / 2);
        context.fill();
      }
      context.globalAlpha = 1;
    };

    const measure = (now: number) => {
      const rms = level();
      if (rms >= speakingRms) spokeAt = now;
      const speaks = now - spokeAt < speakingHoldMs;
      if (speaks !== speaking) {
        speaking = speaks;
        tellSpeaking(speaks);
      }
      bar = still ? loudnessOf(rms) : Math.max(bar, loudnessOf(rms));
      while (now - barSince >= barMs) {
        bars.push(bar);
        bar = loudnessOf(rms);
        barSince += barMs;
      }
      const kept = Math.ceil(width / barStep) + 2;
      if (bars.length > kept) bars = bars.slice(-kept);
    };

    let frame = 0;
    const tick = (now: number) => {
      frame = requestAnimationFrame(tick);
      if (now - drawnAt < (still ? stillEveryMs : 1000 / framesPerSecond - 4)) return;
      // A page that was hidden has a past that nobody measured.
      if (now - drawnAt > 1_000) barSince = now;
      drawnAt = now;
      measure(now);
      draw(now);
    };

    const observer = new ResizeObserver(() => {
      const scale = window.devicePixelRatio;
      width = element.clientWidth;
      element.width = Math.round(width * scale);
      element.height = Math.round(height * scale);
      context.setTransform(scale, 0, 0, scale, 0, 0);
      draw(performance.now());
    });
    observer.observe(element);
    if (on) frame = requestAnimationFrame(tick);
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
    };
  }, [on, height, colour, rest, still]);

  return (
    <span className={styles.frame} aria-hidden>
      <canvas ref={canvas} className={styles.meter} style={{ height }} />
    </span>
  );
}

/** −50 dBFS is nothing, −10 dBFS is full: the range of speech on a telephone. */
function loudnessOf(rms: number): number {
  if (rms <= 0) return 0;
  return Math.min(1, Math.max(0, (20 * Math.log10(rms) + 50) / 40)) ** 1.3;
}

/** One quiet bar in five steps. */
function drawStill(
  context: CanvasRenderingContext2D,
  look: { width: number; height: number; colour: string; rest: string; loudness: number },
): void {
  const steps = 5;
  const gap = 6;
  const length = (look.width - gap * (steps - 1)) / steps;
  const lit = Math.ceil(look.loudness * steps);
  for (let step = 0; step < steps; step++) {
    context.globalAlpha = step < lit ? 1 : 0.3;
    context.fillStyle = step < lit ? look.colour : look.rest;
    context.beginPath();
    context.roundRect(step * (length + gap), look.height / 2 - 4, length, 8, 4);
    context.fill();
  }
  context.globalAlpha = 1;
}
