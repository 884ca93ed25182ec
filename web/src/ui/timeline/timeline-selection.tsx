import { type CSSProperties, type KeyboardEvent, type PointerEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { clockLength } from '../format/time.ts';
import type { TimeSpan } from './timeline-model.ts';

type End = 'from' | 'to';

/** A span that is being chosen on the timeline: both ends can be dragged, or moved by arrows (0.1 s, with Shift 1 s). */
export interface TimelineSelectionProps {
  readonly span: TimeSpan;
  readonly onMove: (end: End, atMs: number) => void;
}

const stepMs = 100;
const bigStepMs = 1_000;

/** Lies over the lanes, in the waveform's shadow tree: hence inline styles. */
export function TimelineSelection({
  span,
  onMove,
  durationMs,
  height,
}: TimelineSelectionProps & { durationMs: number; height: number }) {
  const area = useRef<HTMLDivElement>(null);
  const share = (ms: number) => `${(ms / Math.max(1, durationMs)) * 100}%`;
  const at = (event: PointerEvent): number => {
    const box = area.current?.parentElement?.getBoundingClientRect();
    return box ? ((event.clientX - box.left) / Math.max(1, box.width)) * durationMs : 0;
  };
  return (
    <div
      ref={area}
      style={{
        ...chosen,
        height,
        left: share(span.fromMs),
        width: share(span.toMs - span.fromMs),
      }}
    >
      {(['from', 'to'] as const).map((end) => (
        <Handle key={end} end={end} span={span} durationMs={durationMs} onMove={onMove} at={at} />
      ))}
    </div>
  );
}

function Handle({
  end,
  span,
  durationMs,
  onMove,
  at,
}: {
  end: End;
  span: TimeSpan;
  durationMs: number;
  onMove: TimelineSelectionProps['onMove'];
  at: (event: PointerEvent) => number;
}) {
  const { t } = useTranslation('timeline');
  const value = end === 'from' ? span.fromMs : span.toMs;
  const pressed = (event: KeyboardEvent) => {
    const direction = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (direction === 0) return;
    event.preventDefault();
    event.stopPropagation();
    onMove(end, value + direction * (event.shiftKey ? bigStepMs : stepMs));
  };
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={t(end === 'from' ? 'selection.from' : 'selection.to')}
      aria-valuemin={0}
      aria-valuemax={Math.round(durationMs / 100) / 10}
      aria-valuenow={Math.round(value / 100) / 10}
      aria-valuetext={clockLength(value)}
      data-testid={`selection-${end}`}
      style={{ ...handle, [end === 'from' ? 'left' : 'right']: -11 }}
      onKeyDown={pressed}
      // The waveform below would take the drag for a seek.
      onClick={(event) => event.stopPropagation()}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) onMove(end, at(event));
      }}
    >
      <span style={grip} />
    </div>
  );
}

const chosen: CSSProperties = {
  position: 'absolute',
  top: 0,
  boxSizing: 'border-box',
  background: 'color-mix(in srgb, var(--cl-primary) 18%, transparent)',
  borderInline: '2px solid var(--cl-primary)',
  // What lies below is still reached: only the ends take the pointer.
  pointerEvents: 'none',
  zIndex: 4,
};
const handle: CSSProperties = {
  position: 'absolute',
  top: 0,
  display: 'grid',
  placeItems: 'center',
  width: 20,
  height: '100%',
  cursor: 'ew-resize',
  touchAction: 'none',
  pointerEvents: 'auto',
};
const grip: CSSProperties = {
  width: 8,
  height: 32,
  borderRadius: 4,
  background: 'var(--cl-primary)',
  border: '1px solid var(--cl-surface)',
};
