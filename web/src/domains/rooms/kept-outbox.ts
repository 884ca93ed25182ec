import type { Storage } from './kept-updates.ts';

/** A message on its way. */
export interface Outgoing {
  /** Told again with every attempt, so that it arrives once. */
  readonly key: string;
  readonly text: string;
  readonly at: number;
}

/** More than this does not wait. */
export const mostOutgoing = 50;

const isOutgoing = (given: unknown): given is Outgoing => {
  const one = given as Partial<Outgoing> | null;
  return typeof one?.key === 'string' && typeof one.text === 'string' && typeof one.at === 'number';
};

/** Messages that the server has not acknowledged, kept on this device over a reload. */
export function keptOutbox(slotId: string, personId: string, storage: Storage | null) {
  const name = `cloud-listening.messages.${slotId}.${personId}`;
  const draftName = `cloud-listening.draft.${slotId}.${personId}`;
  return {
    /** What was begun and not sent. */
    readDraft(): string {
      try {
        return storage?.getItem(draftName) ?? '';
      } catch {
        return '';
      }
    },
    keepDraft(text: string): void {
      try {
        if (text === '') storage?.removeItem(draftName);
        else storage?.setItem(draftName, text);
      } catch {
        // As below.
      }
    },
    read(): Outgoing[] {
      try {
        const kept: unknown = JSON.parse(storage?.getItem(name) ?? '[]');
        return Array.isArray(kept) ? kept.filter(isOutgoing).slice(0, mostOutgoing) : [];
      } catch {
        return [];
      }
    },
    keep(outgoing: readonly Outgoing[]): void {
      try {
        if (outgoing.length === 0) storage?.removeItem(name);
        else storage?.setItem(name, JSON.stringify(outgoing));
      } catch {
        // Without room on this device they wait as long as the page is open.
      }
    },
  };
}
