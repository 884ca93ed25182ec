import { type CSSProperties, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type WaveSurfer from 'wavesurfer.js';
import type { AnalysisTrack } from '#contract/analysis.ts';
import { clockLength } from '../format/time.ts';
import { type TimelineGap, type TimelinePin, tickInterval } from './timeline-model.ts';
import { TimelineRibbon } from './timeline-ribbon.tsx';
import { TimelineSelection, type TimelineSelectionProps } from './timeline-selection.tsx';

/** Pixels below the lanes that show the time. */
export const rulerHeight = 24;

/**
 * What lies over the waveform and scrolls with it: gaps, pins, the ruler. It lives in the waveform's shadow tree,
 * where style sheets do not reach but custom properties do: hence inline styles.
 */
export function TimelineLayer({
  durationMs,
  laneHeight,
  pxPerSecond,
  wave,
  gaps,
  pins,
  ribbon,
  selection,
  onGo,
  onPin,
}: {
  durationMs: number;
  laneHeight: number;
  pxPerSecond: number;
  wave: WaveSurfer;
  gaps: readonly TimelineGap[];
  pins: readonly TimelinePin[];
  ribbon?: AnalysisTrack;
  selection?: TimelineSelectionProps;
  onGo: (ms: number) => void;
  onPin: (pin: TimelinePin) => void;
}) {
  const { t } = useTranslation('timeline');
  // A pause silences both lanes at once: one word says it.
  const pauses = gaps.filter(
    ({ cause, fromMs }, place) =>
      cause === 'pause' &&
      gaps.findIndex((other) => other.cause === 'pause' && Math.abs(other.fromMs - fromMs) < 500) === place,
  );
  const share = (ms: number) => `${(ms / Math.max(1, durationMs)) * 100}%`;
  return (
    <>
      {gaps.map((gap) => (
        <div
          key={`${gap.role}-${gap.cause}-${gap.fromMs}`}
          title={t(`gap.${gap.cause}`, { length: clockLength(gap.toMs - gap.fromMs) })}
          style={{
            position: 'absolute',
            top: gap.role === 'agent' ? 0 : laneHeight,
            height: laneHeight,
            left: share(gap.fromMs),
            width: share(gap.toMs - gap.fromMs),
            ...(gap.cause === 'pause' ? crossed : gap.cause === 'hold' ? hatched : grey),
          }}
        />
      ))}
      {pauses
        .filter(({ fromMs, toMs }) => ((toMs - fromMs) / 1000) * pxPerSecond >= labelWidth * 2)
        .map(({ fromMs, toMs }) => (
          <span key={fromMs} style={{ ...pauseLabel, left: share((fromMs + toMs) / 2), top: laneHeight }}>
            {t('paused')}
          </span>
        ))}
      <div
        style={{
          position: 'absolute',
          top: laneHeight,
          left: 0,
          right: 0,
          height: 1,
          background: 'var(--cl-border)',
        }}
      />
      {pins.map((pin) => (
        <button
          key={pin.id}
          type="button"
          title={pin.label}
          aria-label={pin.label}
          onClick={(event) => {
            event.stopPropagation();
            onPin(pin);
          }}
          style={{ ...pinStyle, left: share(pin.atMs), color: pinColour(pin), height: laneHeight * 2 }}
        >
          <span style={pinHead} />
        </button>
      ))}
      {selection && <TimelineSelection {...selection} durationMs={durationMs} height={laneHeight * 2} />}
      {ribbon && (
        <TimelineRibbon track={ribbon} durationMs={durationMs} onGo={({ fromMs }) => onGo(fromMs)} />
      )}
      <Ruler durationMs={durationMs} pxPerSecond={pxPerSecond} wave={wave} />
    </>
  );
}

const grey: CSSProperties = { background: 'var(--cl-gap)' };
const hatched: CSSProperties = {
  background:
    'repeating-linear-gradient(135deg, var(--cl-hatch) 0 1.5px, transparent 1.5px 7px), var(--cl-surface)',
};
/** Both ways, unlike a hold: nobody but the two who talked knows what was said. */
const crossed: CSSProperties = {
  background: [
    'repeating-linear-gradient(135deg, var(--cl-hatch) 0 1.5px, transparent 1.5px 7px)',
    'repeating-linear-gradient(45deg, var(--cl-hatch) 0 1.5px, transparent 1.5px 7px)',
    'var(--cl-surface)',
  ].join(', '),
};
const pauseLabel: CSSProperties = {
  position: 'absolute',
  transform: 'translate(-50%, -50%)',
  padding: '0 8px',
  borderRadius: 8,
  background: 'var(--cl-surface)',
  border: '1px solid var(--cl-border)',
  color: 'var(--cl-text)',
  fontSize: 12,
  lineHeight: '20px',
  whiteSpace: 'nowrap',
  zIndex: 2,
};
const pinStyle: CSSProperties = {
  position: 'absolute',
  top: 0,
  width: 16,
  marginLeft: -8,
  padding: 0,
  border: 0,
  background: 'linear-gradient(currentColor, currentColor) center / 1.5px 100% no-repeat',
  cursor: 'pointer',
  zIndex: 3,
};
const pinHead: CSSProperties = {
  position: 'absolute',
  top: 0,
  left: 3,
  width: 10,
  height: 10,
  borderRadius: '50% 50% 50% 0',
  background: 'currentColor',
  transform: 'rotate(-45deg)',
};

function pinColour(pin: TimelinePin): string {
  if (pin.role === 'agent') return 'var(--cl-agent-text)';
  if (pin.role === 'customer') return 'var(--cl-customer-text)';
  return 'var(--cl-text)';
}

/** Pixels that the longest label takes, 1:00:00 with its air. */
const labelWidth = 48;

/** Labels only near what is visible: an hour at the widest zoom would be thousands. */
function Ruler({
  durationMs,
  pxPerSecond,
  wave,
}: {
  durationMs: number;
  pxPerSecond: number;
  wave: WaveSurfer;
}) {
  const interval = tickInterval(pxPerSecond);
  const pageMs = interval * 40;
  const [page, setPage] = useState(0);
  useEffect(
    () => wave.on('scroll', (fromSeconds) => setPage(Math.floor((fromSeconds * 1000) / pageMs))),
    [wave, pageMs],
  );
  const first = Math.max(0, (page - 1) * 40);
  const last = Math.min(Math.floor(durationMs / interval), (page + 2) * 40);
  const ticks = Array.from(
    { length: Math.max(0, last - first + 1) },
    (_, index) => (first + index) * interval,
  );
  return (
    <div style={{ position: 'relative', height: rulerHeight, overflow: 'hidden' }} aria-hidden>
      {ticks.map((ms) => (
        <span
          key={ms}
          style={{
            position: 'absolute',
            left: `${(ms / Math.max(1, durationMs)) * 100}%`,
            paddingLeft: 4,
            borderLeft: '1px solid var(--cl-border)',
            color: 'var(--cl-muted)',
            fontSize: 12,
            lineHeight: `${rulerHeight}px`,
          }}
        >
          {/* Half a time is worse than none. */}
          {((durationMs - ms) / 1000) * pxPerSecond >= labelWidth && clockLength(ms)}
        </span>
      ))}
    </div>
  );
}
