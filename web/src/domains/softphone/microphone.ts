import { AudioLevel } from '../../app/audio-level.ts';

/** Why there is no microphone: the person (or their browser's settings) said no, or there is none to be had. */
export class NoMicrophone extends Error {
  readonly reason: 'refused' | 'missing';

  constructor(reason: 'refused' | 'missing', cause: unknown) {
    super(`no microphone: ${reason}`, { cause });
    this.name = 'NoMicrophone';
    this.reason = reason;
  }
}

/** A microphone that is on, with its meter. Pages without https have none. */
export class Microphone {
  readonly track: MediaStreamTrack;
  readonly #context: AudioContext;
  readonly #level: AudioLevel;

  private constructor(stream: MediaStream, track: MediaStreamTrack) {
    this.track = track;
    this.#context = new AudioContext();
    void this.#context.resume().catch(() => undefined);
    this.#level = new AudioLevel(this.#context.createMediaStreamSource(stream));
  }

  /** Asks for it; call it from a gesture. Error: NoMicrophone. */
  static async open(): Promise<Microphone> {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
      });
      const track = stream.getAudioTracks()[0];
      if (!track) throw new DOMException('a stream without sound', 'NotFoundError');
      return new Microphone(stream, track);
    } catch (cause) {
      const refused = cause instanceof DOMException && cause.name === 'NotAllowedError';
      throw new NoMicrophone(refused ? 'refused' : 'missing', cause);
    }
  }

  /** Root mean square of the last 21 ms, 0–1. */
  level(): number {
    return this.#level.read();
  }

  /** It was pulled out, or taken by the system. */
  onLost(listener: () => void): void {
    this.track.addEventListener('ended', listener, { once: true });
  }

  /** Off; the browser's sign that it is on goes away. */
  close(): void {
    this.track.stop();
    this.#level.close();
    void this.#context.close();
  }
}
