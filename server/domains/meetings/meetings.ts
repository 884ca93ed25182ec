import { createHash } from 'node:crypto';
import type { Person } from '#contract/identity.ts';
import type { ActionState, MeetingState, Ownership } from '#contract/meetings.ts';
import type { LocalText } from '#contract/primitives.ts';
import { type Company, pathOf } from '#domains/businesses/businesses.ts';
import { AppError } from '#kernel/errors.ts';

export interface Who {
  readonly id: string;
  readonly name: LocalText;
  readonly title: LocalText;
}

export interface StoredItem {
  readonly id: string;
  readonly recordingId: string;
  readonly callId: string;
  readonly lineId: string;
  readonly clipId: string | null;
  readonly bookmarkId: string | null;
  readonly title: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly callStartedAt: number;
  readonly picture: { readonly agent: number[]; readonly customer: number[] } | null;
  readonly note: string;
  readonly noteRevision: number;
  readonly gone: boolean;
}

export interface StoredInvitee extends Who {
  readonly owns: readonly Ownership[];
}

export interface StoredMeeting {
  readonly id: string;
  readonly title: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly zone: string;
  readonly place: string;
  readonly state: MeetingState;
  readonly organiser: Who;
  readonly invitees: readonly StoredInvitee[];
  /** Who was asked and is not any more, with the sequence that says so. */
  readonly dropped: readonly { readonly personId: string; readonly sequence: number }[];
  readonly agenda: readonly StoredItem[];
  /** Of the invitation (RFC 5546 §2.1.4): grows when what it says changes. */
  readonly sequence: number;
  /** Written and not yet handed to the outbox. */
  readonly toAnnounce: boolean;
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly heldAt: number | null;
  readonly idempotencyKey: string;
  readonly requestHash: string;
}

export interface StoredAction {
  readonly id: string;
  readonly meetingId: string;
  readonly meetingTitle: string;
  readonly zone: string;
  readonly itemId: string | null;
  readonly text: string;
  readonly owner: Omit<Who, 'title'>;
  readonly dueOn: string;
  readonly state: ActionState;
  readonly decidedAt: number;
  readonly decidedBy: Omit<Who, 'title'>;
  readonly closedAt: number | null;
  readonly revision: number;
  readonly idempotencyKey: string;
  readonly requestHash: string;
}

/** What decides who is concerned: the line of a call and, where it is known, the product it was about. */
export interface Concern {
  readonly lineId: string;
  readonly sku?: string | undefined;
}

/**
 * Who answers for what these calls were about: the owners of each line's business and of the product, and of every node
 * above, nearest first. Each with the nodes they own, named from the group down without the company itself.
 */
export function ownersOf(company: Company, concerns: readonly Concern[]): Map<string, Ownership[]> {
  const byId = new Map(company.businesses.map((business) => [business.id, business]));
  const chainOf = (start: string) => {
    const chain = [];
    const seen = new Set<string>();
    for (let node = byId.get(start); node && !seen.has(node.id); node = byId.get(node.parentId ?? '')) {
      seen.add(node.id);
      chain.push(node);
    }
    return chain;
  };
  const starts = concerns.flatMap(({ lineId, sku }) => [
    ...(sku === undefined ? [] : [sku]),
    ...company.lines.filter((line) => line.id === lineId).map((line) => line.businessId),
  ]);
  const chains = [...new Set(starts)].map(chainOf);
  const found = new Map<string, Ownership[]>();
  const deepest = Math.max(0, ...chains.map((chain) => chain.length));
  for (let step = 0; step < deepest; step++) {
    for (const chain of chains) {
      const node = chain[step];
      if (!node) continue;
      const path = pathOf(company, node.id);
      for (const ownerId of node.ownerIds) {
        const owned = found.get(ownerId) ?? [];
        if (!owned.some(({ businessId }) => businessId === node.id))
          owned.push({ businessId: node.id, path });
        found.set(ownerId, owned);
      }
    }
  }
  return found;
}

export const whoOf = ({ id, name, title }: Person): Who => ({ id, name, title });

/** Errors: `meeting.state`. */
export function assertOpen({ state }: Pick<StoredMeeting, 'state'>, allowed: readonly MeetingState[]): void {
  if (!allowed.includes(state)) {
    throw new AppError('meeting.state', `This cannot be done: the meeting is ${state}.`, {
      details: { state },
    });
  }
}

/** What is wrong with when it is to be; errors as `request.invalid`. */
export function assertTime({
  startsAt,
  endsAt,
  zone,
}: {
  startsAt: number;
  endsAt: number;
  zone: string;
}): void {
  const fault = (path: string, message: string) =>
    new AppError('request.invalid', 'The time of the meeting cannot be.', {
      details: { fields: [{ path: `body.${path}`, message }] },
    });
  if (endsAt <= startsAt) throw fault('endsAt', 'must be after the start');
  if (endsAt - startsAt > 24 * 3_600_000) throw fault('endsAt', 'must be at most 24 hours after the start');
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch {
    throw fault('zone', 'must be an IANA time zone');
  }
}

/** The calendar day in a zone, as 2026-03-31. */
export function dayIn(at: number, zone: string): string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return format.format(at);
}

export const isOverdue = (
  { state, dueOn, zone }: Pick<StoredAction, 'state' | 'dueOn' | 'zone'>,
  now: number,
) => state === 'open' && dayIn(now, zone) > dueOn;

/** The same key with another hash is a mistake of the client. */
export const hashOf = (request: unknown): string =>
  createHash('sha256').update(JSON.stringify(request)).digest('base64url');

/** Errors: `idempotency.reused`. */
export function sameRequest<T extends { readonly requestHash: string }>(before: T, requestHash: string): T {
  if (before.requestHash === requestHash) return before;
  throw new AppError('idempotency.reused', 'This key was used for another request.');
}
