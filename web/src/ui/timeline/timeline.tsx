import { MinusOutlined, PlusOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { type KeyboardEvent, useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { useTranslation } from 'react-i18next';
import WaveSurfer from 'wavesurfer.js';
import type { AnalysisTrack } from '#contract/analysis.ts';
import { clockLength } from '../format/time.ts';
import { usePalette } from '../theme/palette-context.ts';
import { VoiceName } from '../voice-name.tsx';
import styles from './timeline.module.css';
import { rulerHeight, TimelineLayer } from './timeline-layer.tsx';
import { drawnLanes, type TimelineGap, type TimelinePeaks, type TimelinePin } from './timeline-model.ts';
import { ribbonHeight } from './timeline-ribbon.tsx';
import type { TimelineSelectionProps } from './timeline-selection.tsx';

export interface TimelineProps {
  readonly peaks: TimelinePeaks;
  readonly durationMs: number;
  /** The element that plays: the playhead follows it and a seek moves it. Without one, see `positionMs`. */
  readonly media?: HTMLMediaElement;
  /** Where the playhead is when nothing plays here (live): the end, as a rule. */
  readonly positionMs?: number;
  readonly gaps?: readonly TimelineGap[];
  readonly pins?: readonly TimelinePin[];
  /** What is drawn under the lanes of what was found out about the call. */
  readonly ribbon?: AnalysisTrack;
  /** Told when a person moves the playhead by pointer or keyboard. */
  readonly onSeek?: (positionMs: number) => void;
  readonly onPin?: (pin: TimelinePin) => void;
  /** A span that is being chosen. */
  readonly selection?: TimelineSelectionProps;
  /** Height of one lane in pixels. */
  readonly laneHeight?: number;
}

const stepMs = 5_000;
const pageMs = 30_000;
const zoomSteps = [1, 2, 4, 8, 16, 32] as const;
/** Beyond this a second is as wide as a hand: nothing more to see. Pixels. */
const widestSecond = 200;

/**
 * Time as the axis, the same everywhere: the agent's lane above, the customer's below, gaps grey, holds hatched,
 * pins for moments, a playhead, zoom. Seeks by click, drag, arrows (5 s), page keys (30 s), Home and End.
 */
export function Timeline({
  peaks,
  durationMs,
  media,
  positionMs,
  gaps = [],
  pins = [],
  ribbon,
  onSeek,
  onPin,
  selection,
  laneHeight = 64,
}: TimelineProps) {
  const { t } = useTranslation('timeline');
  const analysis = useTranslation('analysis');
  const palette = usePalette();
  const container = useRef<HTMLDivElement>(null);
  const [surface, setSurface] = useState<{ wave: WaveSurfer; layer: HTMLElement } | null>(null);
  const [zoom, setZoom] = useState<number>(1);
  const [width, setWidth] = useState(0);
  const lanes = useMemo(() => drawnLanes(peaks), [peaks]);
  const seeked = useEffectEvent((ms: number) => onSeek?.(ms));
  const fitPx = durationMs > 0 ? (width / durationMs) * 1000 : 0;
  const pxPerSecond = Math.min(Math.max(fitPx, widestSecond), fitPx * zoom);

  const lane = useCallback(
    (voice: 'agent' | 'customer') => ({
      waveColor: `color-mix(in srgb, ${palette[voice]} 50%, ${palette.surface})`,
      progressColor: palette[voice],
      barAlign: voice === 'agent' ? ('bottom' as const) : ('top' as const),
    }),
    [palette],
  );

  const drawn = useRef<typeof lanes | null>(null);
  // One instance per media element; everything else is told to the living instance below.
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours, lanes and zoom are applied by the effects after this one.
  useEffect(() => {
    if (!container.current) return;
    const wave = WaveSurfer.create({
      container: container.current,
      height: laneHeight,
      splitChannels: [lane('agent'), lane('customer')],
      barWidth: 2,
      barGap: 1,
      barRadius: 1,
      barMinHeight: 1,
      cursorColor: palette.text,
      cursorWidth: 2,
      dragToSeek: { debounceTime: 60 },
      peaks: lanes,
      duration: durationMs / 1000,
      ...(media && { media }),
    });
    drawn.current = lanes;
    const layer = document.createElement('div');
    wave.once('ready', () => {
      wave.getWrapper().append(layer);
      setSurface({ wave, layer });
    });
    wave.on('interaction', (seconds) => seeked(seconds * 1000));
    return () => {
      wave.destroy();
      setSurface(null);
    };
  }, [media, laneHeight]);

  useEffect(() => {
    const element = container.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (!surface || drawn.current === lanes) return;
    drawn.current = lanes;
    // With the address it already has, loading draws anew and leaves the sound alone.
    void surface.wave.load(media?.src ?? '', lanes, durationMs / 1000).catch(() => undefined);
  }, [surface, media, lanes, durationMs]);

  useEffect(() => {
    surface?.wave.setOptions({
      splitChannels: [lane('agent'), lane('customer')],
      cursorColor: palette.text,
    });
  }, [surface, lane, palette]);

  useEffect(() => {
    if (!surface) return;
    surface.wave.setOptions({ minPxPerSec: zoom === 1 ? 0 : pxPerSecond });
    // What scrolls must be reachable by keyboard too.
    const scroller = surface.wave.getWrapper().parentElement;
    if (scroller) scroller.tabIndex = zoom === 1 ? -1 : 0;
  }, [surface, zoom, pxPerSecond]);

  useEffect(() => {
    if (surface && !media && positionMs !== undefined) surface.wave.setTime(positionMs / 1000);
  }, [surface, media, positionMs]);

  const moveTo = (ms: number) => {
    const to = Math.min(Math.max(0, ms), durationMs);
    surface?.wave.setTime(to / 1000);
    onSeek?.(to);
  };
  const zoomBy = (steps: number) => {
    const index = zoomSteps.findIndex((step) => step >= zoom) + steps;
    setZoom(zoomSteps[Math.min(Math.max(0, index), zoomSteps.length - 1)] ?? 1);
  };
  const pressed = (event: KeyboardEvent) => {
    const at = (surface?.wave.getCurrentTime() ?? 0) * 1000;
    const targets: Record<string, number> = {
      ArrowLeft: at - stepMs,
      ArrowRight: at + stepMs,
      PageDown: at - pageMs,
      PageUp: at + pageMs,
      Home: 0,
      End: durationMs,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    moveTo(target);
  };

  return (
    <div className={styles.timeline}>
      <div
        className={styles.names}
        style={{
          gridTemplateRows: `${laneHeight}px ${laneHeight}px ${ribbon ? `${ribbonHeight}px ` : ''}${rulerHeight}px`,
        }}
      >
        <VoiceName voice="agent" />
        <VoiceName voice="customer" />
        {ribbon && <span className={styles.ribbonName}>{analysis.t('ribbon.name')}</span>}
        <span className={styles.zoom}>
          <Button
            type="text"
            size="small"
            icon={<MinusOutlined />}
            aria-label={t('zoomOut')}
            disabled={zoom === 1}
            onClick={() => zoomBy(-1)}
          />
          <Button
            type="text"
            size="small"
            icon={<PlusOutlined />}
            aria-label={t('zoomIn')}
            disabled={zoom === zoomSteps.at(-1) || fitPx * zoom >= widestSecond}
            onClick={() => zoomBy(1)}
          />
        </span>
      </div>
      <div className={styles.lanes}>
        <PlayheadSlider wave={surface?.wave ?? null} durationMs={durationMs} onKeyDown={pressed} />
        <div
          ref={container}
          style={{ minHeight: laneHeight * 2 + (ribbon ? ribbonHeight : 0) + rulerHeight }}
        />
        {surface &&
          createPortal(
            <TimelineLayer
              durationMs={durationMs}
              laneHeight={laneHeight}
              pxPerSecond={pxPerSecond}
              wave={surface.wave}
              gaps={gaps}
              {...(ribbon && { ribbon })}
              pins={pins}
              {...(selection && { selection })}
              onGo={moveTo}
              onPin={(pin) => {
                moveTo(pin.atMs);
                onPin?.(pin);
              }}
            />,
            surface.layer,
          )}
      </div>
    </div>
  );
}

/**
 * The playhead as a slider (WAI-ARIA), laid over the lanes for the keyboard; pointers reach the lanes below.
 * Its value is renewed once a second, not with each frame.
 */
function PlayheadSlider({
  wave,
  durationMs,
  onKeyDown,
}: {
  wave: WaveSurfer | null;
  durationMs: number;
  onKeyDown: (event: KeyboardEvent) => void;
}) {
  const { t } = useTranslation('timeline');
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    if (!wave) return;
    setSeconds(Math.floor(wave.getCurrentTime()));
    return wave.on('timeupdate', (time) => setSeconds(Math.floor(time)));
  }, [wave]);
  const last = Math.floor(durationMs / 1000);
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={t('position')}
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={Math.min(seconds, last)}
      aria-valuetext={t('positionOf', {
        position: clockLength(seconds * 1000),
        length: clockLength(durationMs),
      })}
      className={styles.slider}
      onKeyDown={onKeyDown}
    />
  );
}
