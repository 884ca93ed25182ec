import type { BookmarkVisibility, Remedy, RemedyKind } from '#contract/bookmarks.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { BookmarksStore } from '#domains/bookmarks/bookmarks.store.ts';
import type { ClipsStore } from '#domains/clips/clips.store.ts';
import { Dice } from '#scripts/speech/dice.ts';
import { callIdOf, demoId } from './demo-ids.ts';
import type { PastCall } from './past-calls.ts';
import { people } from './people.ts';

export interface MomentStores {
  readonly bookmarks: BookmarksStore;
  readonly clips: ClipsStore;
}

/** What share of those who sat in a call's room marked something, and what share of that became a clip. */
const markedShare = 0.7;
const clippedShare = 0.6;
const aroundMs = 12_000;

/** What a listener may have noted, and what was done for that customer. */
const noted: Record<string, { note: LocalText; remedy: RemedyKind }> = {
  'nappy-size-swap': {
    note: {
      en: 'Outgrown before the packs were opened. Is there a rule for a swap?',
      zh: '整箱还没开封就穿不下了，能不能直接换码？',
    },
    remedy: 'replaced',
  },
  'wrong-size': {
    note: { en: 'The size table misled her', zh: '尺码表把客户带偏了' },
    remedy: 'replaced',
  },
  'late-delivery': {
    note: { en: 'Nobody told him that it would be late', zh: '晚到没有人提前告诉客户' },
    remedy: 'coupon',
  },
  'damaged-parcel': {
    note: { en: 'The second damaged parcel this month', zh: '这个月第二次收到破损的包裹' },
    remedy: 'refunded',
  },
  'missing-item': {
    note: { en: 'Counted twice, still one short', zh: '数了两遍还是少一件' },
    remedy: 'replaced',
  },
  'spoiled-fresh': {
    note: { en: 'She has to send photos three times', zh: '同样的照片要客户发三次' },
    remedy: 'refunded',
  },
  'price-protection': {
    note: { en: 'The price fell the day after', zh: '买完第二天就降价' },
    remedy: 'coupon',
  },
  'refund-status': {
    note: { en: 'The page says done, the bank says nothing', zh: '页面显示已退，银行没有到账' },
    remedy: 'escalated',
  },
  'installation-appointment': {
    note: { en: 'Took a day off for nothing', zh: '客户白请了一天假' },
    remedy: 'apology',
  },
  'installation-fee': {
    note: { en: 'The fee was named at the door only', zh: '上门之后才说要收费' },
    remedy: 'refunded',
  },
};
const otherwise: { note: LocalText; remedy: RemedyKind } = {
  note: { en: 'Worth hearing again with the team', zh: '值得和团队再听一遍' },
  remedy: 'none',
};

export interface PastMark {
  readonly personId: string;
  readonly slotId: string;
  readonly offsetMs: number;
  readonly note: string;
  readonly visibility: BookmarkVisibility;
  readonly remedy: Remedy | null;
  /** A clip was asked for around it. */
  readonly clip: boolean;
}

/** What those who heard a past call live marked in it. The same each time. */
export function marksOf(call: PastCall): PastMark[] {
  const dice = new Dice(`moments of ${call.externalId}`);
  const { note, remedy } = noted[call.scenarioId] ?? otherwise;
  return call.heard.flatMap(({ personId, live, slotId }): PastMark[] => {
    const marks = live && slotId !== null && dice.roll() < markedShare;
    const at = Math.round(dice.between(0.2, 0.7) * call.seconds * 1_000);
    const chance = dice.roll();
    const clipped = dice.roll() < clippedShare;
    if (!marks) return [];
    const visibility = chance < 0.6 ? 'programme' : chance < 0.85 ? 'room' : 'private';
    return [
      {
        ...{ personId, slotId, offsetMs: at, visibility },
        note: visibility === 'private' ? '' : call.language === 'zh' ? note.zh : note.en,
        remedy: visibility === 'programme' ? { kind: remedy, text: '' } : null,
        clip: clipped && visibility === 'programme',
      },
    ];
  });
}

/** Writes the marks down, and asks for their clips: the server has them cut as soon as a worker is there. */
export async function insertMoments(
  call: PastCall,
  recording: { readonly id: string; readonly startedAt: number },
  { bookmarks, clips }: MomentStores,
): Promise<void> {
  const callId = callIdOf(call);
  const { lineId, externalId } = call;
  const zeroAt = recording.startedAt;
  for (const mark of marksOf(call)) {
    const person = people.find(({ id }) => id === mark.personId);
    if (!person) continue;
    const name = `${externalId} ${mark.personId}`;
    const at = zeroAt + mark.offsetMs;
    const made = { personId: person.id, personName: person.name, personTitle: person.title, createdAt: at };
    const once = { idempotencyKey: demoId('key', at, name), requestHash: 'demo' };
    const bookmarkId = demoId('mark', at, name);
    const { slotId, note, visibility, remedy } = mark;
    await bookmarks.insert({
      ...{ id: bookmarkId, callId, lineId, slotId, at, zeroAt, note, visibility, remedy },
      ...{ ...made, updatedAt: at, revision: 1, ...once },
    });
    if (!mark.clip) continue;
    await clips.insert({
      ...{ id: demoId('clip', at, name), callId, lineId, recordingId: recording.id, bookmarkId },
      ...{ title: note, fromAt: at - aroundMs, toAt: at + aroundMs, zeroAt, span: null },
      ...{ state: 'asked', stateAt: at, attempts: 0, failure: null, file: null, rendering: null },
      ...{ manifest: null, ...made, ...once },
    });
  }
}
