const storageKey = 'cloud-listening.same-loudness';

/** Whether calls are to be replayed equally loud, as it was set last on this machine; yes unless told. */
export function keptSameLoudness(): boolean {
  try {
    return localStorage.getItem(storageKey) !== 'no';
  } catch {
    // Storage is closed to us (private windows).
    return true;
  }
}

export function keepSameLoudness(same: boolean): void {
  try {
    localStorage.setItem(storageKey, same ? 'yes' : 'no');
  } catch {
    // Without storage the choice lasts for this visit.
  }
}
