/** Levels below this count as silence when asking who speaks: −40 dBFS as root mean square of samples in −1…1. */
export const speakingRms = 0.01;

/** What a node carries: how loud it is, and at which frequency. Cheap enough to ask every frame. */
export class AudioLevel {
  readonly #source: AudioNode;
  readonly #analyser: AnalyserNode;
  readonly #samples = new Float32Array(1024);

  constructor(source: AudioNode) {
    this.#source = source;
    this.#analyser = source.context.createAnalyser();
    this.#analyser.fftSize = this.#samples.length;
    this.#analyser.smoothingTimeConstant = 0;
    source.connect(this.#analyser);
  }

  /** Root mean square of the last 1024 samples (21 ms at 48 kHz), 0–1. */
  read(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    return Math.sqrt(sum / this.#samples.length);
  }

  /**
   * The strongest frequency in Hz, 0 in silence. Between the bins of the spectrum by a parabola through the peak and its
   * neighbours in dB (J. O. Smith, Spectral Audio Signal Processing, "Quadratic interpolation of spectral peaks").
   */
  dominantHz(): number {
    if (this.read() < speakingRms) return 0;
    const bins = new Float32Array(this.#analyser.frequencyBinCount);
    this.#analyser.getFloatFrequencyData(bins);
    let peak = 1;
    for (let bin = 2; bin < bins.length - 1; bin++) if (bins[bin]! > bins[peak]!) peak = bin;
    const [below, at, above] = [bins[peak - 1]!, bins[peak]!, bins[peak + 1]!];
    const bend = below - 2 * at + above;
    const shift = bend < 0 && Number.isFinite(bend) ? (below - above) / (2 * bend) : 0;
    return ((peak + shift) * this.#analyser.context.sampleRate) / this.#analyser.fftSize;
  }

  close(): void {
    this.#source.disconnect(this.#analyser);
    this.#analyser.disconnect();
  }
}
