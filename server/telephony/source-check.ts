import { isIPv4, isIPv6, SocketAddress } from 'node:net';

export interface StatedSource {
  readonly address: string;
  readonly port?: number | undefined;
}

/** After so long without a valid packet another port of the stated address may take over, ms. */
export const REPIN_AFTER_MS = 3_000;

/**
 * Decides from where a leg's packets may come.
 *
 * - Address and port stated: only those.
 * - Address stated: the first port it sends from is pinned. When that port has been silent for
 *   {@link REPIN_AFTER_MS}, another port of the same address may take over (a gateway that restarted).
 * - Nothing stated: the first source is pinned for good. Letting a stranger take over a silent leg would let
 *   anyone who can reach the port speak into a call that is on hold.
 */
export class SourceCheck {
  readonly #stated: StatedSource | undefined;
  #address: string | undefined;
  #port: number | undefined;
  #lastMs = 0;

  constructor(stated?: StatedSource) {
    if (stated) {
      this.#stated = { address: canonicalAddress(stated.address), port: stated.port };
      if (stated.port !== undefined) {
        this.#address = this.#stated.address;
        this.#port = stated.port;
      }
    }
  }

  /** The address RTP comes from; undefined until known. */
  get address(): string | undefined {
    return this.#address;
  }

  get port(): number | undefined {
    return this.#port;
  }

  /** Whether a packet from there may be looked at. Nothing is pinned yet: a packet may turn out to be no RTP. */
  allows(address: string, port: number, nowMs: number): boolean {
    if (this.#address !== undefined) {
      if (port === this.#port && sameAddress(address, this.#address)) return true;
      if (!this.#stated || this.#stated.port !== undefined) return false;
      return nowMs - this.#lastMs >= REPIN_AFTER_MS && sameAddress(address, this.#stated.address);
    }
    return this.#stated === undefined || sameAddress(address, this.#stated.address);
  }

  /** A packet that passed {@link allows} proved to be this leg's RTP: its source is (still) the one. */
  pin(address: string, port: number, nowMs: number): void {
    this.#lastMs = nowMs;
    if (port === this.#port && this.#address !== undefined && sameAddress(address, this.#address)) return;
    this.#address = canonicalAddress(address);
    this.#port = port;
  }

  /** RTCP may come from any port of the address that RTP comes from: the port above, or the same one (RFC 5761). */
  allowsRtcp(address: string): boolean {
    return this.#address !== undefined && sameAddress(address, this.#address);
  }
}

function sameAddress(given: string, canonical: string): boolean {
  return given === canonical || (given.includes(':') && canonicalAddress(given) === canonical);
}

/** One spelling per address: IPv6 compressed and in lower case, IPv4-mapped IPv6 as IPv4. */
export function canonicalAddress(address: string): string {
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return address;
  const zone = address.indexOf('%');
  const bare = zone < 0 ? address : address.slice(0, zone);
  const canonical = new SocketAddress({ address: bare, family: 'ipv6' }).address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(canonical);
  return mapped?.[1] ?? canonical;
}
