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

/** Which of the two is heard: what arrives now, or what was kept of the call. */
export type Plane = 'live' | 'shifted';

interface Voice {
  readonly role: LegRole;
  readonly plane: Plane;
  /** What makes a remote track flow; a shifted voice needs none. */
  readonly element: HTMLAudioElement | null;
  readonly source: AudioNode;
  readonly fade: GainNode;
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
  #plane: Plane = 'live';

  constructor(onSound: (sound: Sound) => void, balance: VoiceBalance = defaultBalance) {
    this.#onSound = onSound;
    this.#balance = balance;
  }

  /**
   * Lets the sound start, and start again after the browser stopped it. Call it from a gesture. Nothing waits for it:
   * without a gesture a browser answers never, and a voice that joins meanwhile is heard as soon as it may be.
   */
  start(): void {
    const { context } = this;
    void context.resume().catch(() => undefined);
    this.#look();
  }

  add(legId: string, role: LegRole, track: MediaStreamTrack): void {
    this.remove(legId);
    const stream = new MediaStream([track]);
    // Chromium pulls a remote track only when an element plays it; the element itself stays mute.
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    void element.play().catch(() => undefined);
    this.#place(legId, role, 'live', this.context.createMediaStreamSource(stream), element);
  }

  remove(legId: string): void {
    const voice = this.#voices.get(legId);
    if (!voice) return;
    this.#voices.delete(legId);
    voice.level.close();
    for (const node of [voice.source, voice.fade, voice.gain, voice.panner]) node.disconnect();
    if (!voice.element) return;
    voice.element.pause();
    voice.element.srcObject = null;
  }

  /** The two voices of the call as it was kept; a bot's is the agent's side. */
  addShifted(voices: { readonly agent: AudioNode; readonly customer: AudioNode }): void {
    this.removeShifted();
    for (const side of ['agent', 'customer'] as const) {
      this.#place(`shifted ${side}`, side, 'shifted', voices[side], null);
    }
  }

  removeShifted(): void {
    for (const [key, { plane }] of [...this.#voices]) if (plane === 'shifted') this.remove(key);
  }

  /** From now on this is heard, and the other is not; one fades into the other. Milliseconds. */
  hear(plane: Plane, fadeMs: number): void {
    this.#plane = plane;
    for (const voice of this.#voices.values()) this.#fade(voice, fadeMs);
  }

  /** All live voices. */
  clear(): void {
    for (const [key, { plane }] of [...this.#voices]) if (plane === 'live') this.remove(key);
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
      if (this.#isHeardAs(voice, role)) loudest = Math.max(loudest, voice.level.read());
    }
    return loudest;
  }

  /** The strongest frequency of a role's voice in Hz, 0 in silence. For tests that listen by content. */
  dominantHz(role: LegRole): number {
    for (const voice of this.#voices.values()) {
      const hz = this.#isHeardAs(voice, role) ? voice.level.dominantHz() : 0;
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
    this.removeShifted();
    const context = this.#context;
    this.#context = null;
    if (!context) return;
    context.onstatechange = null;
    if (context.state !== 'closed') void context.close();
  }

  /** Made when it is first asked for. */
  get context(): AudioContext {
    if (this.#context) return this.#context;
    const context = new AudioContext({ latencyHint: 'interactive' });
    // Also when a phone call takes the sound away (`interrupted`) and when the system gives it back.
    context.onstatechange = () => this.#look();
    this.#context = context;
    return context;
  }

  #place(
    key: string,
    role: LegRole,
    plane: Plane,
    source: AudioNode,
    element: HTMLAudioElement | null,
  ): void {
    const { context } = this;
    const voice: Voice = {
      role,
      plane,
      element,
      source,
      fade: context.createGain(),
      gain: context.createGain(),
      panner: context.createStereoPanner(),
      level: new AudioLevel(source),
    };
    source.connect(voice.fade).connect(voice.gain).connect(voice.panner).connect(context.destination);
    this.#voices.set(key, voice);
    voice.fade.gain.value = plane === this.#plane ? 1 : 0;
    this.#apply(voice);
  }

  #isHeardAs({ role, plane }: Voice, asked: LegRole): boolean {
    if (plane !== this.#plane) return false;
    return role === asked || (plane === 'shifted' && role === 'agent' && asked === 'bot');
  }

  #fade({ plane, fade }: Voice, fadeMs: number): void {
    const now = fade.context.currentTime;
    // Reached to 98 % after four time constants.
    fade.gain.setTargetAtTime(plane === this.#plane ? 1 : 0, now, Math.max(fadeMs, 1) / 4_000);
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
