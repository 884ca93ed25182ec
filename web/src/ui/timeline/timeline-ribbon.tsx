import { type CSSProperties, type KeyboardEvent, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AnalysisTrack } from '#contract/analysis.ts';
import { clockLength } from '../format/time.ts';
import { type RibbonEvent, ribbonEvents, spansPath, voicePath } from './ribbon-model.ts';

/** Pixels between the lanes and the ruler. */
export const ribbonHeight = 44;
const lane = 18;
const top = 4;
const middles = { agent: top + lane / 2, customer: top + lane + lane / 2 } as const;

/**
 * Under the waveform: who speaks when, what they say at the same time, dead air, and by the thickness of a line how
 * stirred a voice is against its own usual. What is worth going to are buttons: one stop for the Tab key, arrows between.
 */
export function TimelineRibbon({
  track,
  durationMs,
  onGo,
}: {
  track: AnalysisTrack;
  durationMs: number;
  onGo: (event: RibbonEvent) => void;
}) {
  const paths = useMemo(
    () => ({
      agent: voicePath(track, 'agent', middles.agent, lane / 2 - 1),
      customer: voicePath(track, 'customer', middles.customer, lane / 2 - 1),
      overlaps: spansPath(track.overlaps, top, 2 * lane),
    }),
    [track],
  );
  return (
    <div style={ribbonStyle}>
      <style>{sheet}</style>
      <svg
        aria-hidden
        width="100%"
        height={ribbonHeight}
        viewBox={`0 0 ${Math.max(1, durationMs)} ${ribbonHeight}`}
        preserveAspectRatio="none"
        style={{ display: 'block' }}
      >
        <path d={paths.overlaps} fill="var(--cl-text)" opacity="0.16" />
        <path d={paths.agent} fill="var(--cl-agent)" />
        <path d={paths.customer} fill="var(--cl-customer)" />
      </svg>
      <Events track={track} durationMs={durationMs} onGo={onGo} />
    </div>
  );
}

function Events({
  track,
  durationMs,
  onGo,
}: {
  track: AnalysisTrack;
  durationMs: number;
  onGo: (event: RibbonEvent) => void;
}) {
  const { t } = useTranslation('analysis');
  const say = useRibbonWords();
  const events = useMemo(() => ribbonEvents(track), [track]);
  const group = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(0);
  if (events.length === 0) return null;
  const share = (ms: number) => `${(ms / Math.max(1, durationMs)) * 100}%`;
  const moved = (keyboard: KeyboardEvent) => {
    const last = events.length - 1;
    const targets: Record<string, number> = {
      ArrowLeft: Math.max(0, current - 1),
      ArrowRight: Math.min(last, current + 1),
      Home: 0,
      End: last,
    };
    const target = targets[keyboard.key];
    if (target === undefined) return;
    keyboard.preventDefault();
    keyboard.stopPropagation();
    setCurrent(target);
    group.current?.querySelectorAll('button')[target]?.focus();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a frame and a legend into the picture.
    <div ref={group} role="group" aria-label={t('ribbon.events')} onKeyDown={moved}>
      {events.map((event, index) => (
        <button
          key={`${event.kind}-${event.by}-${event.fromMs}`}
          type="button"
          className={`event ${event.kind} ${event.by ?? ''}`}
          tabIndex={index === Math.min(current, events.length - 1) ? 0 : -1}
          aria-label={say(event)}
          title={say(event)}
          onFocus={() => setCurrent(index)}
          onClick={(click) => {
            click.stopPropagation();
            onGo(event);
          }}
          style={{
            left: share(event.fromMs),
            ...(event.toMs > event.fromMs && { width: share(event.toMs - event.fromMs) }),
          }}
        />
      ))}
    </div>
  );
}

/** An event of the ribbon in words, with its time. */
export function useRibbonWords(): (event: RibbonEvent) => string {
  const { t } = useTranslation('analysis');
  return ({ kind, by, fromMs, toMs }) => {
    const at = clockLength(fromMs);
    if (kind === 'dead-air') return t('ribbon.deadAir', { at, length: clockLength(toMs - fromMs) });
    return t(`ribbon.${kind}.${by ?? 'customer'}`, { at });
  };
}

const ribbonStyle: CSSProperties = {
  position: 'relative',
  height: ribbonHeight,
  borderTop: '1px solid var(--cl-border)',
};

/** The waveform's shadow tree knows no style sheet of ours: this one stands in it. */
const sheet = `
.event { position: absolute; padding: 0; border: 0; background: none; cursor: pointer; z-index: 3; }
.event:focus-visible { outline: 2px solid var(--cl-primary-text); outline-offset: 1px; border-radius: 2px; }
.dead-air { top: ${top + lane - 7}px; height: 14px; min-width: 6px;
  background: linear-gradient(90deg, var(--cl-muted) 50%, transparent 0) 0 50% / 6px 3px repeat-x; }
.raised { height: 5px; min-width: 10px; border-radius: 3px; }
.raised.agent { top: ${top - 3}px; background: var(--cl-agent-text); }
.raised.customer { top: ${top + 2 * lane - 1}px; background: var(--cl-customer-text); }
.raised::after { content: ''; position: absolute; inset: -8px -4px; }
.interruption { top: ${top}px; width: 15px; height: ${2 * lane}px; margin-left: -7px; }
.interruption::before { content: ''; position: absolute; left: 7px; top: 0; width: 1.5px; height: 100%;
  background: currentColor; }
.interruption::after { content: ''; position: absolute; left: 2.5px; border: 5px solid transparent; }
.interruption.agent { color: var(--cl-agent-text); }
.interruption.agent::after { bottom: -1px; border-bottom: 0; border-top: 7px solid currentColor; }
.interruption.customer { color: var(--cl-customer-text); }
.interruption.customer::after { top: -1px; border-top: 0; border-bottom: 7px solid currentColor; }
`;
