import { randomInt } from 'node:crypto';
import type { types } from 'mediasoup';
import type { ConsumerDescription, RtpLegSpec } from '#domains/calls/calls.ports.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import { Annex } from './annex.ts';
import { type Intake, openIntake } from './intake.ts';
import type { TapCall, TelephonyIngress } from './media.ports.ts';
import { callOver, mediaFault, unavailable } from './media-faults.ts';
import type { ReceivePath } from './receive-path.ts';
import { type HeardLeg, heardLeg, type RoomLeg } from './room-leg.ts';
import { SoftphoneLeg } from './softphone-leg.ts';
import { TelephonyLeg } from './telephony-leg.ts';
import type { MediaHost } from './worker-pool.ts';

/** Somebody who hears the call's legs: a listener, or the other side of a browser call. */
export interface Ear {
  /** The worker that it hears the call from. */
  readonly host: MediaHost;
  readonly path: ReceivePath;
  /** Joined: legs that appear from now on are announced to it. */
  complete: boolean;
  wants(leg: HeardLeg): boolean;
  announce(consumer: ConsumerDescription): void;
  /** The call is paused, or goes on: those who only listen hear nothing, those who talk hear each other. */
  hush(on: boolean): void;
  /** The worker died and the call can be joined again elsewhere. */
  interrupted(): void;
  /** The call is over. */
  dismiss(): void;
}

export interface CallRoomOptions {
  readonly callId: string;
  readonly tapCall: TapCall;
  readonly ingress: TelephonyIngress;
  readonly clock: Clock;
  readonly log: Log;
  readonly onLegHeard: (room: CallRoom, legId: string, at: number) => void;
}

/** A listener's place on a worker, kept from the decision until the ear is there: crowds join in one moment. */
export interface Place {
  readonly host: MediaHost;
  /** The leg as it can be consumed on that worker. */
  readonly reach: (leg: HeardLeg) => Promise<types.Producer>;
  /** Once the ear is there, or will not be. */
  readonly release: () => void;
}

/** How long a join waits for a call whose worker has just died. Milliseconds. */
const settleWaitMs = 5_000;

/**
 * One call in the live plane: its legs, which stay, and its place on one SFU worker, which may change.
 * Everything on the worker's side can be made again from what is here.
 */
export class CallRoom {
  readonly callId: string;
  readonly legs = new Map<string, RoomLeg>();
  readonly ears = new Set<Ear>();
  readonly tapCall: TapCall;
  readonly #options: CallRoomOptions;
  readonly #ssrcs = new Set<number>();
  /** Further workers on which the call can be heard. */
  readonly #annexes = new Map<MediaHost, Annex>();
  /** Listeners on their way, by worker. */
  readonly #expected = new Map<MediaHost, number>();
  #host: MediaHost | undefined;
  #intake: Promise<Intake> | undefined;
  #settled = settling();
  closed = false;
  paused = false;
  heardAt: number | null = null;
  /** The silence that was told already, so that it is told once. */
  silentTold = false;

  constructor(options: CallRoomOptions) {
    this.callId = options.callId;
    this.tapCall = options.tapCall;
    this.#options = options;
  }

  /** Where the call is now, whether or not it is ready there. */
  get host(): MediaHost | undefined {
    return this.#host;
  }

  /** The workers on which the call can be heard, its home first. */
  get hosts(): MediaHost[] {
    return this.#host === undefined ? [] : [this.#host, ...this.#annexes.keys()];
  }

  /** Streams in and out on one of its workers, those of listeners on their way included. */
  streamsOn(host: MediaHost): number {
    let streams = (this.#expected.get(host) ?? 0) * this.legs.size;
    if (host === this.#host) {
      streams += this.legs.size;
      for (const annex of this.#annexes.values()) streams += this.#streamsTo(annex);
    } else {
      const annex = this.#annexes.get(host);
      if (annex) streams += this.#streamsTo(annex);
    }
    for (const ear of this.ears) {
      // Until it has joined it is counted as what it is about to be.
      if (ear.host === host) streams += ear.complete ? ear.path.streams : this.legs.size;
    }
    return streams;
  }

  /** Keeps a listener's place on this worker, to which the call is piped where it is not at home there. */
  take(host: MediaHost): Place {
    const annex = host === this.#host ? undefined : this.#annexOn(host);
    this.#expected.set(host, (this.#expected.get(host) ?? 0) + 1);
    let held = true;
    return {
      host,
      reach: (leg) => annex?.reach(leg) ?? Promise.resolve(leg.producer),
      release: () => {
        if (!held) return;
        held = false;
        this.#expected.set(host, (this.#expected.get(host) ?? 1) - 1);
        this.#tidy(host);
      },
    };
  }

  heardLegs(): HeardLeg[] {
    return [...this.legs.values()].flatMap((leg) => heardLeg(leg) ?? []);
  }

  /** Somebody hears the call from now on; while it is paused, that is silence. */
  addEar(ear: Ear): void {
    this.ears.add(ear);
    if (this.paused) ear.hush(true);
  }

  removeEar(ear: Ear): void {
    this.ears.delete(ear);
    this.#tidy(ear.host);
  }

  /**
   * Keeps listeners and the recorder out of the call, or lets them in again. The legs go on being received, so that
   * a call whose media stops is still noticed. Error: `call.ended`.
   */
  pause(on: boolean): void {
    if (this.closed) throw callOver(this.callId);
    if (this.paused === on) return;
    this.paused = on;
    for (const leg of this.legs.values()) leg.pause(on);
    for (const ear of this.ears) ear.hush(on);
    this.tapCall.pause(on, this.#options.clock());
  }

  /** The worker that carries the call, as soon as it does. Errors: `media.unavailable`, `call.ended`. */
  async ready(): Promise<MediaHost> {
    if (this.closed) throw callOver(this.callId);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unavailable()), settleWaitMs);
    });
    return Promise.race([this.#settled.promise, limit]).finally(() => clearTimeout(timer));
  }

  /** Takes its place on a worker: every telephony leg enters there. Throws when the worker dies meanwhile. */
  async settle(host: MediaHost): Promise<void> {
    this.#host = host;
    await Promise.all(
      [...this.legs.values()]
        .filter((leg) => leg instanceof TelephonyLeg)
        .map((leg) => this.#attach(leg, host)),
    );
    if (this.closed || this.#host !== host) return;
    this.#settled.resolve(host);
  }

  /** A further worker is gone. Answers who heard the call there; they have to join again. */
  closeAnnex(host: MediaHost): Ear[] {
    this.#annexes.get(host)?.close();
    this.#annexes.delete(host);
    this.#expected.delete(host);
    const ears = [...this.ears].filter((ear) => ear.host === host);
    for (const ear of ears) this.ears.delete(ear);
    return ears;
  }

  /** Its worker is gone. Answers who heard the call until then; they have to join again. */
  unsettle(): Ear[] {
    this.#closeAnnexes();
    this.#host = undefined;
    this.#intake = undefined;
    this.#settled = settling();
    for (const leg of this.legs.values()) leg.detach();
    const ears = [...this.ears];
    this.ears.clear();
    return ears;
  }

  /** Errors: `leg.exists`, `call.ended`, `media.full` (no port left), `media.parameters`. */
  async addTelephonyLeg(spec: RtpLegSpec): Promise<TelephonyLeg> {
    if (this.closed) throw callOver(this.callId);
    if (this.legs.has(spec.legId)) throw new AppError('leg.exists', 'The call has this leg already.');
    const { tapCall, ingress, clock, onLegHeard } = this.#options;
    const leg = await TelephonyLeg.open({
      spec,
      ssrc: this.#freeSsrc(),
      tapCall,
      ingress,
      clock,
      onHeard: (legId, at) => onLegHeard(this, legId, at),
    });
    if (this.closed) {
      await leg.close();
      throw callOver(this.callId);
    }
    this.#keep(leg);
    const host = this.#host;
    // Without a worker the leg is recorded all the same, and heard as soon as the call has a place again.
    if (host === undefined) return leg;
    try {
      await this.#attach(leg, host);
    } catch (error) {
      if (host.lost) return leg;
      this.legs.delete(spec.legId);
      await leg.close();
      throw mediaFault(error, 'media.parameters', 'The SFU does not take this leg.');
    }
    this.announce(leg);
    return leg;
  }

  /** The softphone leg of this id, made at its first mention. */
  softphoneLeg(legId: string, role: RoomLeg['role']): SoftphoneLeg {
    const existing = this.legs.get(legId);
    if (existing instanceof SoftphoneLeg) return existing;
    if (existing !== undefined) throw new AppError('leg.exists', 'This leg comes by RTP.');
    const { tapCall, clock, onLegHeard } = this.#options;
    const leg = new SoftphoneLeg({
      legId,
      role,
      tapCall,
      clock,
      onHeard: (heardLegId, at) => onLegHeard(this, heardLegId, at),
    });
    this.#keep(leg);
    return leg;
  }

  /** Lets everyone who has joined hear a leg that came later. */
  announce(leg: RoomLeg): void {
    const heard = heardLeg(leg);
    if (heard === undefined) return;
    for (const ear of this.ears) {
      if (!ear.complete || !ear.wants(heard) || ear.path.has(heard)) continue;
      ear.path.consume(heard).then(
        (consumer) => {
          if (consumer !== undefined && this.ears.has(ear)) ear.announce(consumer);
        },
        (error: unknown) =>
          this.#options.log.warn(
            { callId: this.callId, legId: heard.legId, err: error },
            'a late leg could not be given to a listener',
          ),
      );
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.#settled.reject(callOver(this.callId));
    for (const ear of this.ears) ear.dismiss();
    this.ears.clear();
    this.#closeAnnexes();
    const intake = this.#intake;
    await Promise.all([...this.legs.values()].map((leg) => leg.close()));
    this.tapCall.end(this.#options.clock());
    await intake?.then(
      ({ transport }) => transport.close(),
      () => undefined,
    );
  }

  #keep(leg: RoomLeg): void {
    this.legs.set(leg.legId, leg);
    if (this.paused) leg.pause(true);
  }

  /** Of a pipe that is being made: what it will be. */
  #streamsTo(annex: Annex): number {
    return Math.max(annex.streams, this.legs.size);
  }

  #annexOn(host: MediaHost): Annex {
    const home = this.#host;
    if (home === undefined) throw unavailable();
    const annex = this.#annexes.get(host) ?? new Annex(home, host);
    this.#annexes.set(host, annex);
    return annex;
  }

  /** An annex that nobody listens on is given up. */
  #tidy(host: MediaHost): void {
    const annex = this.#annexes.get(host);
    if (!annex || (this.#expected.get(host) ?? 0) > 0) return;
    for (const ear of this.ears) if (ear.host === host) return;
    this.#annexes.delete(host);
    annex.close();
  }

  #closeAnnexes(): void {
    for (const annex of this.#annexes.values()) annex.close();
    this.#annexes.clear();
    this.#expected.clear();
  }

  async #attach(leg: TelephonyLeg, host: MediaHost): Promise<void> {
    this.#intake ??= openIntake(host, this.#options.ingress.feedPort);
    await leg.attach(await this.#intake);
  }

  #freeSsrc(): number {
    for (;;) {
      const ssrc = randomInt(1, 2 ** 32 - 1);
      if (!this.#ssrcs.has(ssrc)) {
        this.#ssrcs.add(ssrc);
        return ssrc;
      }
    }
  }
}

function settling(): PromiseWithResolvers<MediaHost> {
  const settled = Promise.withResolvers<MediaHost>();
  // Nobody may be waiting when a call ends: that is no fault.
  settled.promise.catch(() => undefined);
  return settled;
}
