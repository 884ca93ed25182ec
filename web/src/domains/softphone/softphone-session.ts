import type { Device } from 'mediasoup-client';
import type { Call } from '#contract/calls.ts';
import { listeningEvents } from '#contract/listening.ts';
import { softphoneEvents, softphoneRequests } from '#contract/softphone-media.ts';
import { type ApiError, asApiError } from '../../app/api-error.ts';
import { loadDevice, plain } from '../../app/media-transport.ts';
import { maxTries, passes, pauseBefore } from '../../app/passing.ts';
import type { Realtime } from '../../app/realtime.ts';
import { Microphone, NoMicrophone } from './microphone.ts';
import { type JoinedCall, SoftphonePath } from './softphone-path.ts';
import { beforeTheCall, type SoftphoneState } from './softphone-state.ts';

/** Packets come every 20 ms, in silence too: none within one look is a hold. Milliseconds. */
const lookEveryMs = 1_000;
/** One side of a browser call: takes the microphone, talks and hears, mends the path by itself, hangs up. */
export class SoftphoneSession {
  readonly #realtime: Realtime;
  readonly #watchers = new Set<() => void>();
  readonly #cleanups: (() => void)[] = [];
  #state: SoftphoneState = beforeTheCall;
  #callId: string | null = null;
  #device: Device | null = null;
  #path: SoftphonePath | null = null;
  #microphone: Microphone | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** Grows with every join and at every end, so that a late answer of an older one is dropped. */
  #attempt = 0;
  /** Grows at every end: a microphone that is granted after the hang-up is not kept. */
  #life = 0;
  /** The other side may begin to speak while our join is on its way. */
  #early: ((path: SoftphonePath) => void)[] = [];
  #receivedBefore: number | null = null;

  constructor(realtime: Realtime) {
    this.#realtime = realtime;
    const mine = (callId: string) => callId === this.#callId;
    const onPath = (callId: string, apply: (path: SoftphonePath) => void) => {
      if (!mine(callId)) return;
      if (this.#path) apply(this.#path);
      else this.#early.push(apply);
    };
    const follow = ({ call }: { call: Call }) => {
      if (mine(call.id)) this.#set({ call });
    };
    this.#cleanups.push(
      realtime.on(softphoneEvents.consumerAdded, ({ callId, consumer }) =>
        onPath(callId, (path) => void path.hear([consumer]).catch(() => this.#rebuild(path))),
      ),
      realtime.on(softphoneEvents.consumerClosed, ({ callId, consumerId }) =>
        onPath(callId, (path) => path.drop(consumerId)),
      ),
      realtime.on(softphoneEvents.interrupted, ({ callId, reason }) => {
        if (!mine(callId)) return;
        if (reason === 'replaced') this.#finish('another-window');
        else if (this.#path) this.#rebuild(this.#path);
      }),
      realtime.on(softphoneEvents.ended, ({ callId }) => {
        if (mine(callId)) this.#finish('over');
      }),
      // Only agents are told these; the customer's page does without.
      realtime.on(listeningEvents.callStarted, follow),
      realtime.on(listeningEvents.callUpdated, follow),
      realtime.onConnection((connection) => {
        if (!this.#callId || !this.#microphone) return;
        if (connection !== 'connected') this.#set({ phase: 'recovering' });
        else void this.#join(0);
      }),
    );
    const timer = setInterval(() => void this.#look(), lookEveryMs);
    this.#cleanups.push(() => clearInterval(timer));
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };
  readonly snapshot = (): SoftphoneState => this.#state;

  /** Is there a call that leaving the page would tear apart? */
  get busy(): boolean {
    return this.#callId !== null;
  }

  #set(change: Partial<SoftphoneState>): void {
    this.#state = { ...this.#state, ...change };
    for (const watcher of this.#watchers) watcher();
  }

  /** Takes the microphone and this side of the call. From a gesture. */
  async talk(callId: string): Promise<void> {
    if (this.#callId !== null) return;
    this.#callId = callId;
    this.#set({ ...beforeTheCall, phase: 'asking-microphone' });
    if (!(await this.#openMicrophone())) {
      if (this.#callId === callId) {
        this.#callId = null;
        this.#set({ phase: 'idle' });
      }
      return;
    }
    this.#set({ phase: 'joining' });
    await this.#join(0);
  }

  /** Puts our side on hold or takes it back. Rejects with ApiError; nothing has changed then. */
  async hold(held: boolean): Promise<void> {
    const callId = this.#callId;
    if (!callId) return;
    await this.#realtime.request(softphoneRequests.mute, { callId, hold: held });
    this.#hold(held);
  }

  async hangUp(): Promise<void> {
    const callId = this.#callId;
    if (!callId) return;
    // First the microphone: who hangs up is heard by nobody, whatever the network does.
    this.#finish('over');
    await this.#realtime.request(softphoneRequests.hangUp, { callId }).catch(() => undefined);
  }

  /** The server said elsewhere that the call is over. */
  ended(): void {
    if (this.#callId) this.#finish('over');
  }

  /** After the microphone was lost and another was plugged in. From a gesture. */
  async retryMicrophone(): Promise<void> {
    if (this.#callId && (await this.#openMicrophone())) {
      await this.#path?.replaceTrack(this.#microphone!.track);
    }
  }

  unblockSound(): void {
    this.#path?.play();
    this.#set({ soundBlocked: false });
  }

  /** Root mean square of one's own microphone, 0–1. */
  ownLevel = (): number => (this.#state.held ? 0 : (this.#microphone?.level() ?? 0));
  otherLevel = (): number => this.#path?.otherLevel() ?? 0;

  /** Leaves without hanging up: another page may take the side. */
  close(): void {
    this.#letGo();
    for (const cleanup of this.#cleanups) cleanup();
    this.#watchers.clear();
  }

  async #openMicrophone(): Promise<boolean> {
    const life = this.#life;
    try {
      const microphone = await Microphone.open();
      if (life !== this.#life) {
        microphone.close();
        return false;
      }
      this.#microphone?.close();
      this.#microphone = microphone;
      microphone.track.enabled = !this.#state.held;
      microphone.onLost(() => void this.#microphoneLost(microphone));
      this.#set({ microphone: 'on' });
      return true;
    } catch (thrown) {
      if (life === this.#life) {
        this.#set({ microphone: thrown instanceof NoMicrophone ? thrown.reason : 'missing' });
      }
      return false;
    }
  }

  /** The headset was pulled out: whatever the system falls back to is taken. */
  async #microphoneLost(lost: Microphone): Promise<void> {
    if (this.#microphone === lost) await this.retryMicrophone();
  }

  async #join(tries: number): Promise<void> {
    const callId = this.#callId;
    // Without a connection the next one carries on.
    if (!callId || !this.#microphone || this.#realtime.connection !== 'connected') return;
    clearTimeout(this.#retry);
    const attempt = ++this.#attempt;
    const stale = () => attempt !== this.#attempt;
    this.#closePath();
    this.#early = [];
    try {
      const device = await this.#loadedDevice();
      const joined = await this.#realtime.request(softphoneRequests.join, {
        callId,
        rtpCapabilities: plain(device.recvRtpCapabilities),
      });
      if (stale() || !this.#microphone) return;
      const path = this.#openPath(device, callId, joined);
      const heard = path.hear(joined.consumers);
      for (const apply of this.#early.splice(0)) apply(path);
      await Promise.all([heard, path.speak(this.#microphone.track)]);
    } catch (thrown) {
      if (!stale()) this.#joinFailed(asApiError(thrown), tries);
    }
  }

  #openPath(device: Device, callId: string, joined: JoinedCall): SoftphonePath {
    const current = () => this.#path === path;
    const path: SoftphonePath = new SoftphonePath({
      device,
      realtime: this.#realtime,
      callId,
      joined,
      watcher: {
        onUp: () => current() && this.#settle(),
        onBroken: () => current() && this.#set({ phase: 'recovering' }),
        onLost: () => this.#rebuild(path),
        onOthers: () => {
          const { phase } = this.#state;
          if (current() && (phase === 'alone' || phase === 'talking')) this.#settle();
        },
        onSoundBlocked: () => current() && this.#set({ soundBlocked: true }),
      },
    });
    this.#path = path;
    this.#receivedBefore = null;
    this.#set({ call: joined.call });
    this.#hold(joined.call.legs.find(({ id }) => id === joined.legId)?.state === 'held');
    return path;
  }

  /** The way is up: are we two? */
  #settle(): void {
    const together = this.#path?.accompanied ?? false;
    const talkingSince = this.#state.talkingSince ?? (together ? Date.now() : null);
    this.#set({ phase: together ? 'talking' : 'alone', talkingSince, otherQuiet: false });
  }

  #joinFailed(error: ApiError, tries: number): void {
    this.#closePath();
    // Our transports may be gone with the worker that carried them (`media.parameters`): a new join makes new ones.
    const passing = passes(error) || error.code === 'media.parameters';
    if (error.code === 'call.ended' || error.code === 'not-found') this.#finish('over');
    else if (passing && tries < maxTries) {
      this.#set({ phase: 'recovering' });
      this.#retry = setTimeout(() => void this.#join(tries + 1), pauseBefore(tries));
    } else {
      this.#letGo();
      this.#set({ phase: 'idle', error });
    }
  }

  async #loadedDevice(): Promise<Device> {
    if (!this.#device) {
      const { routerRtpCapabilities } = await this.#realtime.request(softphoneRequests.capabilities, {});
      this.#device = await loadDevice(routerRtpCapabilities);
    }
    return this.#device;
  }

  #rebuild(path: SoftphonePath): void {
    if (this.#path !== path) return;
    this.#closePath();
    this.#set({ phase: 'recovering' });
    void this.#join(0);
  }

  #hold(held: boolean): void {
    if (this.#microphone) this.#microphone.track.enabled = !held;
    this.#set({ held });
  }

  async #look(): Promise<void> {
    const path = this.#path;
    const received = (await path?.receivedPackets()) ?? null;
    if (!path || this.#path !== path || this.#state.phase !== 'talking') return;
    const before = this.#receivedBefore;
    this.#receivedBefore = received;
    const otherQuiet = before !== null && received === before;
    if (otherQuiet !== this.#state.otherQuiet) this.#set({ otherQuiet });
  }

  #closePath(): void {
    this.#path?.close();
    this.#path = null;
  }

  /** Lets go of everything, the microphone first. */
  #letGo(): void {
    clearTimeout(this.#retry);
    this.#attempt += 1;
    this.#life += 1;
    this.#microphone?.close();
    this.#microphone = null;
    this.#closePath();
    this.#callId = null;
  }

  #finish(endedBy: 'over' | 'another-window'): void {
    this.#letGo();
    const { talkingSince } = this.#state;
    const talkedMs = talkingSince === null ? null : Date.now() - talkingSince;
    this.#set({ phase: 'ended', held: false, otherQuiet: false, talkedMs, endedBy });
  }
}
