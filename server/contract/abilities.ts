import type { Person, Role } from './identity.ts';

/**
 * Permissions are data: one table, read by the server to allow and by the web to show.
 * `own` means within the person's scope (the lines and businesses that the owner map gives them). With
 * `calls.follow-across` one hears calls of other lines from a seat that is for one line; there `own` is what one owns.
 * `recordings.unmasked`: hears an archived call with the personal data that its transcript masks; for everybody else it
 * is silence, and so it is in every clip, whoever plays it.
 */
export type Action =
  | 'slots.read'
  | 'slots.plan'
  | 'reservations.make'
  | 'rooms.host'
  | 'notes.review'
  | 'calls.listen'
  | 'calls.follow-across'
  | 'calls.read'
  | 'calls.pause'
  | 'lines.manage'
  | 'meetings.convene'
  | 'meetings.manage'
  | 'reports.read'
  | 'recordings.replay'
  | 'recordings.tag'
  | 'recordings.unmasked'
  | 'bookmarks.make'
  | 'bookmarks.programme'
  | 'clips.cut'
  | 'clips.withdraw'
  | 'softphone.answer'
  | 'operations.read'
  | 'operations.retry'
  | 'retention.read'
  | 'retention.hold'
  | 'retention.manage';

export type Scope = 'own' | 'all';

const table: Record<Role, Partial<Record<Action, Scope>>> = {
  listener: {
    'meetings.convene': 'own',
    'reports.read': 'own',
    'slots.read': 'own',
    'reservations.make': 'own',
    'calls.listen': 'own',
    'calls.follow-across': 'own',
    'calls.read': 'own',
    'recordings.replay': 'own',
    'bookmarks.make': 'own',
    'clips.cut': 'own',
  },
  owner: {
    'meetings.convene': 'own',
    'reports.read': 'own',
    'slots.read': 'own',
    'reservations.make': 'own',
    'calls.listen': 'own',
    'calls.follow-across': 'own',
    'calls.read': 'own',
    'recordings.replay': 'own',
    'bookmarks.make': 'own',
    'bookmarks.programme': 'own',
    'clips.cut': 'own',
  },
  host: {
    'meetings.convene': 'all',
    'meetings.manage': 'all',
    'reports.read': 'all',
    'slots.read': 'all',
    'slots.plan': 'all',
    'lines.manage': 'all',
    'reservations.make': 'all',
    'rooms.host': 'all',
    'notes.review': 'all',
    'calls.listen': 'all',
    'calls.follow-across': 'all',
    'calls.read': 'all',
    'recordings.replay': 'all',
    'bookmarks.make': 'all',
    'bookmarks.programme': 'all',
    'clips.cut': 'all',
    'operations.read': 'all',
    'operations.retry': 'all',
  },
  cx: {
    'meetings.convene': 'all',
    'meetings.manage': 'all',
    'reports.read': 'all',
    'slots.read': 'all',
    'reservations.make': 'all',
    'calls.listen': 'all',
    'calls.follow-across': 'all',
    'calls.read': 'all',
    'recordings.replay': 'all',
    'bookmarks.make': 'all',
    'bookmarks.programme': 'all',
    'clips.cut': 'all',
    'clips.withdraw': 'all',
    'recordings.unmasked': 'all',
    'notes.review': 'all',
    'recordings.tag': 'all',
    'retention.read': 'all',
    'retention.hold': 'all',
  },
  agent: { 'softphone.answer': 'all', 'calls.read': 'own', 'calls.pause': 'own' },
  admin: {
    'reports.read': 'all',
    'slots.read': 'all',
    'lines.manage': 'all',
    'calls.read': 'all',
    'calls.pause': 'all',
    'operations.read': 'all',
    'operations.retry': 'all',
    'retention.read': 'all',
    'retention.hold': 'all',
    'retention.manage': 'all',
  },
};

export type Decision =
  | { allowed: true; scope: Scope }
  | { allowed: false; reason: 'ability.denied' | 'scope.denied' };

/** Those who hear calls later get the delayed, masked stream, and nothing else of a call's sound. */
const notDelayed: ReadonlySet<Action> = new Set([
  'recordings.replay',
  'recordings.tag',
  'recordings.unmasked',
  'clips.cut',
  'clips.withdraw',
]);

/** May this person do this, on this line if one is given? The reason is an error code with a sentence in both catalogues. */
export function may(
  who: Pick<Person, 'role' | 'lineIds' | 'ear'>,
  action: Action,
  on: { lineId?: string } = {},
): Decision {
  const scope = table[who.role][action];
  if (!scope || (who.ear === 'delayed' && notDelayed.has(action))) {
    return { allowed: false, reason: 'ability.denied' };
  }
  if (scope === 'own' && on.lineId !== undefined && !who.lineIds.includes(on.lineId)) {
    return { allowed: false, reason: 'scope.denied' };
  }
  return { allowed: true, scope };
}
