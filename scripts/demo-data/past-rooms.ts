import { Doc, encodeStateAsUpdate } from 'yjs';
import type { LocalText } from '#contract/primitives.ts';
import { notesTextName } from '#contract/rooms.ts';
import { createNotesStore } from '#domains/rooms/notes.store.ts';
import { createRoomsStore } from '#domains/rooms/rooms.store.ts';
import { duplicateKeyFields, type MongoConnection } from '#kernel/mongo.ts';
import { people } from './people.ts';
import { demoVisits, hourMs, slotId } from './slots.ts';

const minuteMs = 60_000;
/** Whose past visits have left something written. */
const writerId = 'supermarket-manager';
const hostId = 'host';

const notes = `三通电话，两通说的是同一件事：囤的尿布，孩子长大了用不上。
Three calls, two about the same thing: nappies bought ahead that the baby has outgrown.

· 客户要的不是退款，是换大一码。客服当场换了，客户很高兴。
· She did not ask for her money back, only for the next size. The agent swapped them at once.
· 规则里没有这一条，客服是自己做主的。会后请品类和售后一起看。
· No rule covers it; the agent decided alone. To be taken up with the category and after-sales.`;

const messages: readonly { personId: string; atMs: number; text: string }[] = [
  {
    personId: hostId,
    atMs: 2 * minuteMs,
    text: '开始了，请大家把听到的记在笔记里。 We begin; please write what you hear in the notes.',
  },
  { personId: writerId, atMs: 14 * minuteMs, text: '这已经是今天第二位了。 The second one today.' },
  {
    personId: hostId,
    atMs: 16 * minuteMs,
    text: '我记下来，会后一起看。 Noted, for the meeting afterwards.',
  },
];

const nameOf = (personId: string): LocalText =>
  people.find(({ id }) => id === personId)?.name ?? { en: personId, zh: personId };

/** What was written in rooms of the past weeks, so that there is something to look back on. What is there stays. */
export async function seedRooms(mongo: MongoConnection, now: number): Promise<void> {
  const [notesStore, roomsStore] = [await createNotesStore(mongo), await createRoomsStore(mongo)];
  const past = demoVisits(now).attended.filter(({ personId }) => personId === writerId);
  for (const { lineId, startsAt } of past.filter(({ startsAt }) => startsAt + hourMs < now)) {
    const room = slotId(lineId, startsAt);
    const doc = new Doc();
    // Always the same copy of the notes: written twice it is the same text.
    doc.clientID = 1;
    doc.getText(notesTextName).insert(0, notes);
    try {
      const update = encodeStateAsUpdate(doc);
      await notesStore.append({ id: `demo-${room}`, slotId: room, update, personId: writerId, at: startsAt });
    } catch (error) {
      if (!duplicateKeyFields(error)) throw error;
    }
    await notesStore.claimCopy(room, doc.clientID, { personId: writerId, name: nameOf(writerId) }, startsAt);
    for (const [index, { personId, atMs, text }] of messages.entries()) {
      const key = `demo-message-${index}`;
      if (await roomsStore.messageByKey(room, personId, key)) continue;
      const sentAt = startsAt + atMs;
      const said = {
        slotId: room,
        personId,
        name: nameOf(personId),
        host: personId === hostId,
        text,
        sentAt,
        key,
      };
      await roomsStore.insertMessage({ id: `demo-${room}-${index}`.slice(0, 64), ...said });
    }
  }
}
