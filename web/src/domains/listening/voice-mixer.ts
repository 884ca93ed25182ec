import type { LegRole } from '#contract/primitives.ts';

/** A voice's place between the ears: −1 left, 0 middle, 1 right. */
export type Side = -1 | 0 | 1;

export interface VoiceSettings {
  /** 0–1.5; 1 is the voice as it came. */
  readonly volume: number;
  readonly side: Side;
}

export const defaultVoices: Record<LegRole, VoiceSettings> = {
  agent: { volume: 1, side: -1 },
  customer: { volume: 1, side: 1 },
  bot: { volume: 1, side: -1 },
};

interface Voice {
  readonly role: LegRole;
  readonly element: HTMLAudioElement;
  readonly source: MediaStreamAudioSourceNode;
  readonly gain: GainNode;
  readonly panner: StereoPannerNode;
  readonly analyser: AnalyserNode;
  readonly samples: Float32Array<ArrayBuffer>;
}

/** Levels below this count as silence when asking who speaks. Root mean square of samples in −1…1. */
const speakingRms = 0.01;

/**
 * What a listener hears: each leg through its own volume and side to the ears, with a meter before the volume,
 * so that a voice that was turned down is still seen to speak.
 */
export class VoiceMixer {
  readonly #context = new AudioContext({ latencyHint: 'interactive' });
  readonly #voices = new Map<string, Voice>();
  #settings: Record<LegRole, VoiceSettings> = { ...defaultVoices };

  /** Browsers start audio only after a gesture: call it from the click that begins the listening. */
  async start(): Promise<void> {
    if (this.#context.state !== 'running') await this.#context.resume();
  }

  /** False until a gesture has let audio start. */
  get running(): boolean {
    return this.#context.state === 'running';
  }

  onStateChange(listener: () => void): () => void {
    this.#context.addEventListener('statechange', listener);
    return () => this.#context.removeEventListener('statechange', listener);
  }

  add(legId: string, role: LegRole, track: MediaStreamTrack): void {
    this.remove(legId);
    const stream = new MediaStream([track]);
    // Chromium pulls a remote track only when an element plays it; the element itself stays mute.
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    void element.play().catch(() => undefined);
    const context = this.#context;
    const voice: Voice = {
      role,
      element,
      source: context.createMediaStreamSource(stream),
      gain: context.createGain(),
      panner: context.createStereoPanner(),
      analyser: context.createAnalyser(),
      samples: new Float32Array(1024),
    };
    voice.analyser.fftSize = 1024;
    voice.source.connect(voice.analyser);
    voice.source.connect(voice.gain).connect(voice.panner).connect(context.destination);
    this.#voices.set(legId, voice);
    this.#apply(voice);
  }

  remove(legId: string): void {
    const voice = this.#voices.get(legId);
    if (!voice) return;
    this.#voices.delete(legId);
    for (const node of [voice.source, voice.gain, voice.panner, voice.analyser]) node.disconnect();
    voice.element.pause();
    voice.element.srcObject = null;
  }

  clear(): void {
    for (const legId of [...this.#voices.keys()]) this.remove(legId);
  }

  setVoice(role: LegRole, settings: VoiceSettings): void {
    this.#settings = { ...this.#settings, [role]: settings };
    for (const voice of this.#voices.values()) if (voice.role === role) this.#apply(voice);
  }

  #apply(voice: Voice): void {
    const { volume, side } = this.#settings[voice.role];
    const now = this.#context.currentTime;
    // 20 ms, so that a moved slider does not click.
    voice.gain.gain.setTargetAtTime(volume, now, 0.02);
    voice.panner.pan.setTargetAtTime(side, now, 0.02);
  }

  /** Root mean square of the last 1024 samples of a role's loudest leg, 0–1. Cheap enough to ask every frame. */
  level(role: LegRole): number {
    let loudest = 0;
    for (const voice of this.#voices.values()) {
      if (voice.role !== role) continue;
      voice.analyser.getFloatTimeDomainData(voice.samples);
      let sum = 0;
      for (const sample of voice.samples) sum += sample * sample;
      loudest = Math.max(loudest, Math.sqrt(sum / voice.samples.length));
    }
    return loudest;
  }

  /** The strongest frequency of a role's voice in Hz, 0 in silence. For tests that listen by content. */
  dominantHz(role: LegRole): number {
    for (const voice of this.#voices.values()) {
      if (voice.role !== role || this.level(role) < speakingRms) continue;
      const bins = new Float32Array(voice.analyser.frequencyBinCount);
      voice.analyser.getFloatFrequencyData(bins);
      let best = 0;
      for (let bin = 1; bin < bins.length; bin++) if (bins[bin]! > bins[best]!) best = bin;
      return (best * this.#context.sampleRate) / voice.analyser.fftSize;
    }
    return 0;
  }

  speaks(role: LegRole): boolean {
    return this.level(role) >= speakingRms;
  }

  async close(): Promise<void> {
    this.clear();
    if (this.#context.state !== 'closed') await this.#context.close();
  }
}
