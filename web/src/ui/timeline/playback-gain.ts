/** A change of the gain takes this long, so that it is not heard as a click. Seconds. */
const glideS = 0.03;

/**
 * Plays a media element louder or quieter than its file is; the file stays as it was recorded. The way through
 * Web Audio is built only when there is something to change, and from a gesture, as browsers want it.
 */
export class PlaybackGain {
  readonly #media: HTMLMediaElement;
  #context: AudioContext | null = null;
  #gain: GainNode | null = null;
  #db = 0;
  #started = false;

  constructor(media: HTMLMediaElement) {
    this.#media = media;
  }

  /** Call from a gesture, at each play. */
  start(): void {
    this.#started = true;
    this.#build();
    void this.#context?.resume().catch(() => undefined);
  }

  /** In decibels; 0 is the file as it is. */
  set(db: number): void {
    this.#db = db;
    if (this.#started) this.#build();
    if (this.#gain && this.#context) {
      this.#gain.gain.setTargetAtTime(ratioOf(db), this.#context.currentTime, glideS / 3);
    }
  }

  close(): void {
    void this.#context?.close().catch(() => undefined);
    this.#context = null;
    this.#gain = null;
  }

  #build(): void {
    if (this.#context || this.#db === 0) return;
    try {
      const context = new AudioContext();
      const source = context.createMediaElementSource(this.#media);
      const gain = context.createGain();
      gain.gain.value = ratioOf(this.#db);
      source.connect(gain).connect(context.destination);
      this.#context = context;
      this.#gain = gain;
    } catch {
      // Without Web Audio the call is heard as it was recorded.
      this.close();
    }
  }
}

function ratioOf(db: number): number {
  return 10 ** (db / 20);
}
