import { createHmac } from 'node:crypto';
import type { ServerConfig } from '#kernel/config.ts';

/** As RTCPeerConnection takes it (W3C webrtc, RTCIceServer). */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

/** The relays for one connection; `name` says whose it is, by an id. */
export type Relays = (name: string) => IceServer[];

export type RelayConfig = Pick<ServerConfig, 'TURN_URLS' | 'TURN_SECRET' | 'TURN_TTL_S'>;

/**
 * The TURN servers (RFC 8656) that a browser may go through where neither UDP nor TCP reaches the SFU, with a password
 * that ends by itself: the name is the UTC second it holds until, and whose it is; the password is HMAC-SHA1 of that
 * name with the secret that the TURN server shares (coturn's `use-auth-secret`, draft-uberti-behave-turn-rest-00). None
 * where no TURN server is configured. `nowMs`: UTC.
 */
export function relayServers(config: RelayConfig, name: string, nowMs: number): IceServer[] {
  const { TURN_URLS: urls, TURN_SECRET: secret, TURN_TTL_S: ttl } = config;
  if (urls.length === 0 || secret === undefined) return [];
  const username = `${Math.floor(nowMs / 1_000) + ttl}:${name}`;
  const credential = createHmac('sha1', secret).update(username).digest('base64');
  return [{ urls, username, credential }];
}
