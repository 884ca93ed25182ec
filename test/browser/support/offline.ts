import type { BrowserContext } from 'playwright-core';

interface SocketsWindow {
  openSockets?: Set<WebSocket>;
}

export interface Offline {
  /** The network is gone: nothing new connects, and what was connected is cut. */
  leave(): Promise<void>;
  back(): Promise<void>;
}

/** From now on pages of this context can be taken off the network. Chromium's own switch leaves open WebSockets alone. */
export async function canGoOffline(context: BrowserContext): Promise<Offline> {
  await context.addInitScript(() => {
    const sockets = new Set<WebSocket>();
    (globalThis as SocketsWindow).openSockets = sockets;
    globalThis.WebSocket = class extends WebSocket {
      constructor(...given: ConstructorParameters<typeof WebSocket>) {
        super(...given);
        sockets.add(this);
        this.addEventListener('close', () => sockets.delete(this));
      }
    };
  });
  return {
    async leave() {
      await context.setOffline(true);
      for (const page of context.pages()) {
        await page.evaluate(() => {
          for (const socket of (globalThis as SocketsWindow).openSockets ?? []) socket.close();
        });
      }
    },
    back: () => context.setOffline(false),
  };
}
