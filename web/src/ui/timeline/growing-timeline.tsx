import { type KeyboardEvent, type PointerEvent, useEffect, useEffectEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clockLength } from '../format/time.ts';
import { usePalette } from '../theme/palette-context.ts';
import { VoiceName } from '../voice-name.tsx';
import { drawGrowingCall, type GrowingCall, growingRulerHeight } from './growing-picture.ts';
import { growingSpan } from './growing-span.ts';
import styles from './growing-timeline.module.css';
import type { TimelinePin } from './timeline-model.ts';

const framesPerSecond = 12;
const stepMs = 5_000;
const pageMs = 30_000;
/** Nearer than this to the edge a pointer means the edge. CSS pixels. */
const edgePx = 6;

/**
 * The timeline of a call that goes on: the agent's lane above, the customer's below, pauses hatched, pins for moments,
 * a playhead and the edge where live is. It draws itself on a canvas, without React; a click, a drag, arrows (5 s),
 * page keys (30 s), Home and End seek.
 */
export function GrowingTimeline({
  read,
  pins = [],
  onSeek,
  onPin,
  laneHeight = 36,
}: {
  /** What is there by now. Asked at every frame. */
  read: () => GrowingCall;
  pins?: readonly TimelinePin[];
  /** At or behind the edge: the edge itself. Without it nothing can be sought. */
  onSeek?: (ms: number) => void;
  onPin?: (pin: TimelinePin) => void;
  /** Height of one lane in pixels. */
  laneHeight?: number;
}) {
  const { t } = useTranslation('timeline');
  const palette = usePalette();
  const canvas = useRef<HTMLCanvasElement>(null);
  const slider = useRef<HTMLDivElement>(null);
  const pointer = useRef<{ x: number; down: boolean } | null>(null);
  const [spanMs, setSpanMs] = useState(() => growingSpan(read().edgeMs));
  const look = useEffectEvent(read);
  const words = { paused: t('paused') };
  const height = 2 * laneHeight + growingRulerHeight;

  const tellReaders = useEffectEvent((call: GrowingCall) => {
    const element = slider.current;
    if (!element) return;
    const [position, length] = [clockLength(call.playheadMs), clockLength(call.edgeMs)];
    const seconds = String(Math.floor(call.playheadMs / 1000));
    if (element.getAttribute('aria-valuenow') === seconds && element.dataset.length === length) return;
    element.dataset.length = length;
    element.setAttribute('aria-valuenow', seconds);
    element.setAttribute('aria-valuemax', String(Math.floor(call.edgeMs / 1000)));
    element.setAttribute(
      'aria-valuetext',
      call.state === 'live' ? t('growing.live', { length }) : t('positionOf', { position, length }),
    );
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: the sentence is one string; its object is made at every render.
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    const { fontFamily } = getComputedStyle(element);
    let width = 0;
    let drawnAt = Number.NEGATIVE_INFINITY;
    const draw = () => {
      const call = look();
      const span = growingSpan(call.edgeMs);
      setSpanMs(span);
      tellReaders(call);
      const hover = pointer.current && onSeek ? pointer.current.x : null;
      drawGrowingCall(context, call, { width, laneHeight, spanMs: span, palette, fontFamily, hover, words });
    };
    let frame = 0;
    const tick = (now: number) => {
      frame = requestAnimationFrame(tick);
      if (now - drawnAt < 1000 / framesPerSecond) return;
      drawnAt = now;
      draw();
    };
    const observer = new ResizeObserver(() => {
      const scale = window.devicePixelRatio;
      width = element.clientWidth;
      element.width = Math.round(width * scale);
      element.height = Math.round(height * scale);
      context.setTransform(scale, 0, 0, scale, 0, 0);
      draw();
    });
    observer.observe(element);
    frame = requestAnimationFrame(tick);
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
    };
  }, [palette, laneHeight, height, words.paused, onSeek === undefined]);

  const seek = (ms: number) => onSeek?.(Math.min(Math.max(0, ms), read().edgeMs));
  const seekTo = (x: number) => {
    const width = canvas.current?.clientWidth ?? 1;
    const { edgeMs } = read();
    const edgeX = (edgeMs / spanMs) * width;
    seek(x > edgeX - edgePx ? edgeMs : (x / width) * spanMs);
  };
  const placeOf = (event: PointerEvent<HTMLElement>) =>
    event.clientX - event.currentTarget.getBoundingClientRect().left;
  const pressed = (event: KeyboardEvent) => {
    const { playheadMs, edgeMs } = read();
    const targets: Record<string, number> = {
      ArrowLeft: playheadMs - stepMs,
      ArrowRight: playheadMs + stepMs,
      PageDown: playheadMs - pageMs,
      PageUp: playheadMs + pageMs,
      Home: 0,
      End: edgeMs,
    };
    const target = targets[event.key];
    if (target === undefined || event.shiftKey) return;
    event.preventDefault();
    seek(target);
  };

  return (
    <div className={styles.timeline} data-testid="growing-timeline">
      <div className={styles.names} style={{ gridTemplateRows: `${laneHeight}px ${laneHeight}px` }}>
        <VoiceName voice="agent" />
        <VoiceName voice="customer" />
      </div>
      <div className={styles.lanes} style={{ height }}>
        <canvas ref={canvas} className={styles.picture} style={{ height }} aria-hidden />
        <div
          ref={slider}
          role="slider"
          tabIndex={onSeek ? 0 : -1}
          aria-label={t('position')}
          aria-valuemin={0}
          aria-valuemax={0}
          aria-valuenow={0}
          aria-disabled={onSeek === undefined}
          className={styles.slider}
          data-seeks={onSeek !== undefined}
          onKeyDown={pressed}
          onPointerMove={(event) => {
            pointer.current = { x: placeOf(event), down: pointer.current?.down ?? false };
          }}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            pointer.current = { x: placeOf(event), down: true };
          }}
          onPointerUp={(event) => {
            if (pointer.current?.down) seekTo(placeOf(event));
            // A finger leaves nothing behind that hovers.
            pointer.current = event.pointerType === 'mouse' ? { x: placeOf(event), down: false } : null;
          }}
          onPointerLeave={() => {
            if (!pointer.current?.down) pointer.current = null;
          }}
          onPointerCancel={() => {
            pointer.current = null;
          }}
        />
        {pins.map((pin) => (
          <button
            key={pin.id}
            type="button"
            className={styles.pin}
            data-voice={pin.role}
            title={pin.label}
            aria-label={pin.label}
            style={{ left: `${(pin.atMs / spanMs) * 100}%`, height: 2 * laneHeight }}
            onClick={() => {
              seek(pin.atMs);
              onPin?.(pin);
            }}
          />
        ))}
      </div>
    </div>
  );
}
