import { clockLength } from '../format/time.ts';
import type { Palette } from '../theme/palette.ts';
import { loudestIn } from './growing-span.ts';
import { tickInterval } from './timeline-model.ts';

/** A call that goes on, as far as it is known. Offsets in the call, ms. */
export interface GrowingCall {
  /** 0–255 per step. */
  readonly agent: Uint8Array;
  readonly customer: Uint8Array;
  readonly stepMs: number;
  /** What nobody may hear; without an end while it lasts. */
  readonly pauses: readonly { readonly fromMs: number; readonly toMs: number | null }[];
  readonly playheadMs: number;
  readonly edgeMs: number;
  readonly state: 'live' | 'behind' | 'over';
  /** Where one is behind: what lies at the edge is live, or as near to it as one may come. */
  readonly edgeIsLive: boolean;
}

interface Look {
  /** CSS pixels. */
  readonly width: number;
  readonly laneHeight: number;
  readonly spanMs: number;
  readonly palette: Palette;
  readonly fontFamily: string;
  /** Where the pointer is. */
  readonly hover: number | null;
  readonly words: { readonly paused: string };
}

/** Pixels below the lanes that show the time. */
export const growingRulerHeight = 22;
const barWidth = 2;
const barStep = 3;
const hatchPx = 7;
const labelPadding = 6;

/** Draws the whole timeline anew. */
export function drawGrowingCall(context: CanvasRenderingContext2D, call: GrowingCall, look: Look): void {
  const { width, laneHeight, spanMs, palette } = look;
  const bottom = 2 * laneHeight;
  const xOf = (ms: number) => (ms / spanMs) * width;
  context.clearRect(0, 0, width, bottom + growingRulerHeight);
  if (width === 0) return;
  context.font = `12px ${look.fontFamily}`;

  // What is still to come: a line to be filled.
  context.fillStyle = palette.border;
  context.fillRect(0, laneHeight - 0.5, width, 1);
  drawBars(context, call, look);
  for (const { fromMs, toMs } of call.pauses) {
    const from = xOf(fromMs);
    drawPause(context, from, Math.max(2, xOf(toMs ?? call.edgeMs) - from), look);
  }
  drawRuler(context, call, look);

  const edge = xOf(call.edgeMs);
  const playhead = Math.min(xOf(call.playheadMs), edge);
  if (call.state === 'behind') {
    context.fillStyle = palette.behind;
    context.globalAlpha = 0.16;
    context.fillRect(playhead, 0, edge - playhead, bottom);
    context.globalAlpha = 1;
    drawHead(context, edge, call.edgeIsLive ? palette.live : palette.behind, 1, bottom);
    drawHead(context, playhead, palette.behindText, 2, bottom);
  } else {
    drawHead(context, edge, call.state === 'live' ? palette.live : palette.over, 2, bottom);
  }
  if (look.hover !== null) drawHover(context, Math.min(look.hover, edge), call, look);
}

function drawBars(context: CanvasRenderingContext2D, call: GrowingCall, look: Look): void {
  const { width, laneHeight, spanMs, palette } = look;
  const stepsPerBar = (spanMs / call.stepMs / width) * barStep;
  const bars = Math.min(Math.ceil(width / barStep), Math.ceil(call.edgeMs / call.stepMs / stepsPerBar));
  for (let bar = 0; bar < bars; bar++) {
    const from = Math.floor(bar * stepsPerBar);
    const to = Math.max(from + 1, Math.floor((bar + 1) * stepsPerBar));
    // Not heard yet: paler.
    context.globalAlpha = call.state === 'behind' && from * call.stepMs > call.playheadMs ? 0.5 : 1;
    const agent = heightOf(loudestIn(call.agent, from, to), laneHeight);
    const customer = heightOf(loudestIn(call.customer, from, to), laneHeight);
    context.fillStyle = palette.agent;
    if (agent > 0) context.fillRect(bar * barStep, laneHeight - agent, barWidth, agent);
    context.fillStyle = palette.customer;
    if (customer > 0) context.fillRect(bar * barStep, laneHeight, barWidth, customer);
  }
  context.globalAlpha = 1;
}

/** The scale is in decibels: its lower third is the noise of the line. */
function heightOf(loudness: number, laneHeight: number): number {
  const shown = Math.max(0, loudness - 60) / 195;
  return shown === 0 ? 0 : Math.max(1, shown * (laneHeight - 3));
}

function drawPause(context: CanvasRenderingContext2D, x: number, wide: number, look: Look): void {
  const { laneHeight, palette, words } = look;
  const high = 2 * laneHeight;
  context.save();
  context.beginPath();
  context.rect(x, 0, wide, high);
  context.clip();
  context.fillStyle = palette.surface;
  context.fillRect(x, 0, wide, high);
  context.strokeStyle = palette.hatch;
  context.lineWidth = 1;
  context.beginPath();
  for (let at = x - high; at < x + wide + high; at += hatchPx) {
    context.moveTo(at, 0);
    context.lineTo(at + high, high);
    context.moveTo(at + high, 0);
    context.lineTo(at, high);
  }
  context.stroke();
  context.restore();
  const label = context.measureText(words.paused).width;
  if (wide < label + 4 * labelPadding) return;
  drawLabel(context, words.paused, x + wide / 2, laneHeight, look);
}

function drawLabel(context: CanvasRenderingContext2D, words: string, x: number, y: number, look: Look): void {
  const half = context.measureText(words).width / 2 + labelPadding;
  const middle = Math.min(Math.max(x, half), look.width - half);
  context.fillStyle = look.palette.raised;
  context.beginPath();
  context.roundRect(middle - half, y - 10, 2 * half, 20, 6);
  context.fill();
  context.fillStyle = look.palette.text;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(words, middle, y + 0.5);
}

function drawRuler(context: CanvasRenderingContext2D, call: GrowingCall, look: Look): void {
  const { width, laneHeight, spanMs, palette } = look;
  const top = 2 * laneHeight;
  const interval = tickInterval((width / spanMs) * 1000);
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  for (let ms = 0; ms <= spanMs; ms += interval) {
    const x = (ms / spanMs) * width;
    context.fillStyle = palette.border;
    context.fillRect(Math.min(x, width - 1), top, 1, growingRulerHeight);
    const label = clockLength(ms);
    // Half a time is worse than none.
    if (x + 5 + context.measureText(label).width > width) continue;
    context.fillStyle = ms <= call.edgeMs ? palette.muted : palette.over;
    context.fillText(label, x + 5, top + growingRulerHeight / 2 + 1);
  }
}

function drawHead(
  context: CanvasRenderingContext2D,
  x: number,
  colour: string,
  wide: number,
  high: number,
): void {
  context.fillStyle = colour;
  context.fillRect(x - wide / 2, 0, wide, high);
  if (wide < 2) return;
  context.beginPath();
  context.arc(Math.max(x, 4), 4, 4, 0, 2 * Math.PI);
  context.fill();
}

function drawHover(context: CanvasRenderingContext2D, x: number, call: GrowingCall, look: Look): void {
  const { laneHeight, palette, spanMs, width } = look;
  context.fillStyle = palette.text;
  context.globalAlpha = 0.6;
  context.fillRect(x - 0.5, 0, 1, 2 * laneHeight);
  context.globalAlpha = 1;
  const at = Math.min(call.edgeMs, (x / width) * spanMs);
  drawLabel(context, clockLength(at), x, 2 * laneHeight + growingRulerHeight / 2, look);
}
