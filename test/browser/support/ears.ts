import type { BrowserContext, Page } from 'playwright-core';

interface EarsWindow {
  ears?: { context: AudioContext; left: AnalyserNode; right: AnalyserNode };
}

/** From now on pages of this context let us listen to what they send to the headset. */
export async function wiretapHeadset(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const { connect } = AudioNode.prototype as unknown as { connect(...args: unknown[]): unknown };
    const tapOf = (context: AudioContext): AudioNode => {
      const page = globalThis as EarsWindow;
      if (page.ears?.context !== context) {
        const splitter = context.createChannelSplitter(2);
        const analyser = (channel: number) => {
          const made = context.createAnalyser();
          made.fftSize = 8_192;
          made.smoothingTimeConstant = 0;
          connect.call(splitter, made, channel);
          return made;
        };
        page.ears = { context, left: analyser(0), right: analyser(1) };
        (page.ears as { splitter?: AudioNode }).splitter = splitter;
      }
      return (page.ears as unknown as { splitter: AudioNode }).splitter;
    };
    AudioNode.prototype.connect = function (this: AudioNode, ...args: unknown[]) {
      const [target] = args;
      if (target instanceof AudioDestinationNode) connect.call(this, tapOf(target.context as AudioContext));
      return connect.apply(this, args);
    } as typeof AudioNode.prototype.connect;
  });
}

export interface Ear {
  /** How strong a frequency is at this ear, dBFS of its bin. */
  readonly agent: number;
  readonly customer: number;
}

/** What a phone does when somebody calls, and a browser that wants a gesture first. */
export async function takeSoundAway(page: Page): Promise<void> {
  await page.evaluate(() => (globalThis as EarsWindow).ears!.context.suspend());
}

/** How loud two tones arrive at either ear. */
export function atTheEars(
  page: Page,
  tones: { agent: number; customer: number },
): Promise<{ left: Ear; right: Ear }> {
  return page.evaluate((hz) => {
    const ears = (globalThis as EarsWindow).ears;
    if (!ears) throw new Error('nothing was sent to the headset yet');
    const earOf = (analyser: AnalyserNode) => {
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      const width = ears.context.sampleRate / analyser.fftSize;
      const around = (tone: number) => {
        const bin = Math.round(tone / width);
        return Math.round(Math.max(...bins.subarray(bin - 2, bin + 3)));
      };
      return { agent: around(hz.agent), customer: around(hz.customer) };
    };
    return { left: earOf(ears.left), right: earOf(ears.right) };
  }, tones);
}
