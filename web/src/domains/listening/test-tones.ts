import { AudioLevel } from '../../app/audio-level.ts';
import type { VoiceBalance } from './voice-mixer.ts';

/** Two soft tones a fifth apart, told from each other by whoever hears with one ear only. Hz. */
const tones = { agent: 392, customer: 588 } as const;
const toneS = 0.9;
const betweenS = 0.25;
const fadeS = 0.04;
const loudness = 0.2;

export type TestVoice = keyof typeof tones;

export interface TestTones {
  /** Root mean square of what a side plays now, 0–1. */
  level(voice: TestVoice): number;
  readonly done: Promise<void>;
  stop(): void;
}

/** First the agent's tone, then the customer's, each at its side and volume, as the call will be. */
export function playTestTones(context: AudioContext, balance: VoiceBalance): TestTones {
  const voices = (Object.keys(tones) as TestVoice[]).map((voice, index) => {
    const from = context.currentTime + 0.1 + index * (toneS + betweenS);
    const oscillator = context.createOscillator();
    oscillator.frequency.value = tones[voice];
    const shape = context.createGain();
    shape.gain.setValueAtTime(0, from);
    shape.gain.linearRampToValueAtTime(loudness, from + fadeS);
    shape.gain.setValueAtTime(loudness, from + toneS - fadeS);
    shape.gain.linearRampToValueAtTime(0, from + toneS);
    const volume = context.createGain();
    volume.gain.value = balance[voice].volume;
    const panner = context.createStereoPanner();
    panner.pan.value = balance[voice].side;
    oscillator.connect(shape).connect(volume).connect(panner).connect(context.destination);
    oscillator.start(from);
    oscillator.stop(from + toneS);
    return { voice, oscillator, panner, level: new AudioLevel(shape) };
  });
  const last = voices.at(-1)?.oscillator;
  const stop = () => {
    for (const { oscillator, panner, level } of voices) {
      oscillator.stop();
      level.close();
      panner.disconnect();
    }
  };
  return {
    level: (asked) => voices.find(({ voice }) => voice === asked)?.level.read() ?? 0,
    done: new Promise((resolve) => {
      if (last) last.onended = () => resolve();
      else resolve();
    }),
    stop,
  };
}
