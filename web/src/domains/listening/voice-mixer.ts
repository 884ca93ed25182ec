import type { LegRole } from '#contract/primitives.ts';
import { AudioLevel, speakingRms } from '../../app/audio-level.ts';

/** A voice's place between the ears: −1 left, 0 middle, 1 right. */
export type Side = -1 | 0 | 1;

export interface VoiceSettings {
  /** 0–1.5; 1 is the voice as it came. */
  readonly volume: number;
  readonly side: Side;
}

export type VoiceBalance = Readonly<Record<LegRole, VoiceSettings>>;

export const defaultBalance: VoiceBalance = {
  agent: { volume: 1, side: -1 },
  customer: { volume: 1, side: 1 },
  bot: { volume: 1, side: -1 },
};

/** `off` before the first listening; `blocked` while the browser or the phone holds the sound back. */
export type Sound = 'off' | 'on' | 'blocked';

interface Voice {
  readonly role: LegRole;
  readonly element: HTMLAudioElement;
  readonly source: MediaStreamAudioSourceNode;
  readonly gain: GainNode;
  readonly panner: StereoPannerNode;
  readonly level: AudioLevel;
}

/** Audio that was allowed starts well within this; whoever needs longer waits for a gesture. Milliseconds. */
const startMs = 400;

/**
 * What a listener hears: each leg through its own volume and side to the ears, with a meter before the volume,
 * so that a voice that was turned down is still seen to speak.
 */
export class VoiceMixer {
  /** Made at the first start: browsers count contexts, and warn of one that was made before a gesture. */
  #context: AudioContext | null = null;
  #sound: Sound = 'off';
  #blockedTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #voices = new Map<string, Voice>();
  readonly #onSound: (sound: Sound) => void;
  #balance: VoiceBalance;

  constructor(onSound: (sound: Sound) => void, balance: VoiceBalance = defaultBalance) {
    this.#onSound = onSound;
    this.#balance = balance;
  }

  /**
   * Lets the sound start, and start again after the browser stopped it. Call it from a gesture. Nothing waits for it:
   * without a gesture a browser answers never, and a voice that joins meanwhile is heard as soon as it may be.
   */
  start(): void {
    const context = this.#contextNow();
    void context.resume().catch(() => undefined);
    this.#look();
  }

  add(legId: string, role: LegRole, track: MediaStreamTrack): void {
    this.remove(legId);
    const context = this.#contextNow();
    const stream = new MediaStream([track]);
    // Chromium pulls a remote track only when an element plays it; the element itself stays mute.
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    void element.play().catch(() => undefined);
    const source = context.createMediaStreamSource(stream);
    const voice: Voice = {
      role,
      element,
      source,
      gain: context.createGain(),
      panner: context.createStereoPanner(),
      level: new AudioLevel(source),
    };
    source.connect(voice.gain).connect(voice.panner).connect(context.destination);
    this.#voices.set(legId, voice);
    this.#apply(voice);
  }

  remove(legId: string): void {
    const voice = this.#voices.get(legId);
    if (!voice) return;
    this.#voices.delete(legId);
    voice.level.close();
    for (const node of [voice.source, voice.gain, voice.panner]) node.disconnect();
    voice.element.pause();
    voice.element.srcObject = null;
  }

  clear(): void {
    for (const legId of [...this.#voices.keys()]) this.remove(legId);
  }

  get balance(): VoiceBalance {
    return this.#balance;
  }

  setBalance(balance: VoiceBalance): void {
    this.#balance = balance;
    for (const voice of this.#voices.values()) this.#apply(voice);
  }

  /** Root mean square of a role's loudest leg, 0–1. */
  level(role: LegRole): number {
    let loudest = 0;
    for (const voice of this.#voices.values()) {
      if (voice.role === role) loudest = Math.max(loudest, voice.level.read());
    }
    return loudest;
  }

  /** The strongest frequency of a role's voice in Hz, 0 in silence. For tests that listen by content. */
  dominantHz(role: LegRole): number {
    for (const voice of this.#voices.values()) {
      const hz = voice.role === role ? voice.level.dominantHz() : 0;
      if (hz > 0) return hz;
    }
    return 0;
  }

  speaks(role: LegRole): boolean {
    return this.level(role) >= speakingRms;
  }

  close(): void {
    clearTimeout(this.#blockedTimer);
    this.clear();
    const context = this.#context;
    this.#context = null;
    if (!context) return;
    context.onstatechange = null;
    if (context.state !== 'closed') void context.close();
  }

  #contextNow(): AudioContext {
    if (this.#context) return this.#context;
    const context = new AudioContext({ latencyHint: 'interactive' });
    // Also when a phone call takes the sound away (`interrupted`) and when the system gives it back.
    context.onstatechange = () => this.#look();
    this.#context = context;
    return context;
  }

  #look(): void {
    clearTimeout(this.#blockedTimer);
    const running = () => this.#context?.state === 'running';
    if (running()) this.#become('on');
    else this.#blockedTimer = setTimeout(() => this.#become(running() ? 'on' : 'blocked'), startMs);
  }

  #become(sound: Sound): void {
    if (sound === this.#sound) return;
    this.#sound = sound;
    this.#onSound(sound);
  }

  #apply(voice: Voice): void {
    const { volume, side } = this.#balance[voice.role];
    const now = voice.gain.context.currentTime;
    // 20 ms, so that a moved slider does not click.
    voice.gain.gain.setTargetAtTime(volume, now, 0.02);
    voice.panner.pan.setTargetAtTime(side, now, 0.02);
  }
}
