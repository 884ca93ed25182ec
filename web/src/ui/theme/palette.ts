/**
 * Every colour of the product, once. The two voices come first: blue is the agent, orange the customer, and
 * neither is used for anything else. `*Text` variants reach 4.5:1 on the surfaces of their theme (WCAG 1.4.3).
 */
export interface Palette {
  readonly agent: string;
  readonly agentText: string;
  readonly agentSoft: string;
  readonly customer: string;
  readonly customerText: string;
  readonly customerSoft: string;
  /** On air now. */
  readonly live: string;
  readonly liveText: string;
  /** Shifted behind live. */
  readonly behind: string;
  readonly behindText: string;
  /** Over; nothing more will come. */
  readonly over: string;
  readonly good: string;
  readonly goodText: string;
  readonly goodSoft: string;
  readonly badSoft: string;
  /** The one colour of actions. */
  readonly primary: string;
  readonly primaryText: string;
  readonly primarySoft: string;
  readonly canvas: string;
  readonly surface: string;
  readonly raised: string;
  readonly border: string;
  readonly text: string;
  readonly muted: string;
  /** Fill of a span that has no audio. */
  readonly gap: string;
  /** Strokes of the hatching that shows a hold. */
  readonly hatch: string;
}

export const lightPalette: Palette = {
  agent: '#2f6fed',
  agentText: '#1f57c9',
  agentSoft: '#e8effd',
  customer: '#e8833a',
  customerText: '#a04d0c',
  customerSoft: '#fdf0e5',
  live: '#d92d3a',
  liveText: '#b91f2c',
  behind: '#d99a00',
  behindText: '#8a5f00',
  over: '#8a93a3',
  good: '#1f9d61',
  goodText: '#14734a',
  goodSoft: '#e5f5ec',
  badSoft: '#fdecec',
  primary: '#0f766e',
  primaryText: '#0b655e',
  primarySoft: '#e1f3f0',
  canvas: '#f5f6f8',
  surface: '#ffffff',
  raised: '#ffffff',
  border: '#e3e6eb',
  text: '#161c27',
  muted: '#5a6474',
  gap: '#e6e8ec',
  hatch: '#b9c0cb',
};

export const darkPalette: Palette = {
  agent: '#5b8df5',
  agentText: '#8fb2fb',
  agentSoft: '#1a2742',
  customer: '#ec9552',
  customerText: '#f3ae78',
  customerSoft: '#3a2717',
  live: '#ef5661',
  liveText: '#ff8a92',
  behind: '#e2ae2e',
  behindText: '#f0c558',
  over: '#788295',
  good: '#3dbb80',
  goodText: '#6fd3a4',
  goodSoft: '#13301f',
  badSoft: '#3a1a1d',
  // White letters on it: 4.7 to 1.
  primary: '#118279',
  primaryText: '#4fd0c3',
  primarySoft: '#12302e',
  canvas: '#0f131a',
  surface: '#171c25',
  raised: '#1f2530',
  border: '#2a313d',
  text: '#e8ebf1',
  muted: '#9ba5b5',
  gap: '#262c37',
  hatch: '#4a5364',
};

/** The live room: dark and quiet in every theme. */
export const roomPalette: Palette = {
  ...darkPalette,
  canvas: '#0e1420',
  surface: '#151d2c',
  raised: '#1c2638',
  border: '#263145',
  gap: '#222c3e',
};

/** The palette as CSS custom properties, `agentText` → `--cl-agent-text`. */
export function paletteVariables(palette: Palette): Record<`--cl-${string}`, string> {
  return Object.fromEntries(
    Object.entries(palette).map(([name, value]) => [
      `--cl-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      value,
    ]),
  );
}
