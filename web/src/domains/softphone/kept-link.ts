/**
 * The customer's link is shown once by the server, which keeps only its hash. This tab remembers it for as long as the
 * call is open, so that a reload in the middle of the call does not lose it.
 */
const keyOf = (callId: string) => `cloud-listening.customer-link.${callId}`;

export function keepLink(callId: string, link: string): void {
  try {
    sessionStorage.setItem(keyOf(callId), link);
  } catch {
    // Storage is closed to us (private windows): the link lasts until the page is left.
  }
}

export function keptLink(callId: string): string | null {
  try {
    return sessionStorage.getItem(keyOf(callId));
  } catch {
    return null;
  }
}

export function forgetLink(callId: string): void {
  try {
    sessionStorage.removeItem(keyOf(callId));
  } catch {
    // There is nothing to forget then.
  }
}
