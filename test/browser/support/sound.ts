import { expect } from 'chai';
import type { BrowserContext, Page } from 'playwright-core';
import type { LegRole } from '#contract/primitives.ts';
import { eventually } from '#support/eventually.ts';

/** What the live room's page hears of a voice at this moment. */
export interface HeardVoice {
  /** The strongest frequency, 0 in silence. */
  readonly hz: number;
  /** Root mean square before the listener's volume, 0–1. */
  readonly level: number;
}

interface RoomWindow {
  __room?: { mixer: { level(role: LegRole): number; dominantHz(role: LegRole): number } };
}

/** What is heard in the live room right now, measured by WebAudio in the page. */
export function heard(page: Page): Promise<Record<'agent' | 'customer', HeardVoice>> {
  return page.evaluate(() => {
    const mixer = (globalThis as RoomWindow).__room?.mixer;
    const voice = (role: LegRole) => ({ hz: mixer?.dominantHz(role) ?? 0, level: mixer?.level(role) ?? 0 });
    return { agent: voice('agent'), customer: voice('customer') };
  });
}

/** What comes is the tone that was said, within what 21 ms of G.711 can tell. Hz, ms. */
export const hears = (page: Page, agentHz: number, customerHz: number, within = 10_000) =>
  eventually(
    async () => {
      const { agent, customer } = await heard(page);
      expect(agent.hz).to.be.closeTo(agentHz, 8);
      expect(customer.hz).to.be.closeTo(customerHz, 8);
    },
    { within },
  );

interface MediaWindow {
  playedMedia?: HTMLMediaElement[];
}

/** From now on pages of this context keep the media elements that they play, for `mediaOf`. */
export async function rememberPlayedMedia(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const kept: HTMLMediaElement[] = [];
    (globalThis as MediaWindow).playedMedia = kept;
    const { play } = HTMLMediaElement.prototype;
    HTMLMediaElement.prototype.play = function () {
      if (!kept.includes(this)) kept.push(this);
      return play.call(this);
    };
  });
}

export interface PlayedMedia {
  readonly url: string;
  /** Seconds. */
  readonly currentTime: number;
  readonly duration: number;
  readonly rate: number;
  readonly paused: boolean;
  readonly silenced: boolean;
  /** What Chromium has decoded of the sound so far. */
  readonly decodedBytes: number;
  /** Milliseconds of the page's clock when this was read. */
  readonly at: number;
}

/** The element that plays a file in the page. Throws until there is one. */
export function mediaOf(page: Page): Promise<PlayedMedia> {
  return page.evaluate(() => {
    // A live voice has a stream in place of an address.
    const media = (globalThis as MediaWindow).playedMedia?.findLast(({ currentSrc }) => currentSrc !== '');
    if (!media) throw new Error('the page has not played anything yet');
    const { currentSrc, currentTime, duration, playbackRate, paused, muted, volume } = media;
    const { webkitAudioDecodedByteCount } = media as unknown as { webkitAudioDecodedByteCount: number };
    return {
      url: currentSrc,
      currentTime,
      duration,
      rate: playbackRate,
      paused,
      silenced: muted || volume === 0,
      decodedBytes: webkitAudioDecodedByteCount,
      at: performance.now(),
    };
  });
}
