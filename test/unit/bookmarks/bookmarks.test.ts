import { expect } from 'chai';
import { type BookmarkVisibility, markRequest } from '#contract/bookmarks.ts';
import type { Role } from '#contract/identity.ts';
import { hashOf, maySee, presentBookmark, type StoredBookmark } from '#domains/bookmarks/bookmarks.ts';

const startedAt = 1_760_000_000_000;
const mark: StoredBookmark = {
  ...{ id: 'mark_1', callId: 'call_1', lineId: 'supermarket', slotId: 'slot_1' },
  ...{ at: startedAt + 12_340, zeroAt: startedAt, note: 'outgrown', visibility: 'private', remedy: null },
  ...{ personId: 'maker', personName: { en: 'A', zh: '甲' }, personTitle: { en: 'B', zh: '乙' } },
  ...{ createdAt: 1, updatedAt: 1, revision: 1, idempotencyKey: 'key-12345', requestHash: 'h' },
};
const person = (role: Role, lineIds: string[] = ['supermarket'], id: string = role) => ({
  id,
  role,
  lineIds,
});
const sees = (
  visibility: BookmarkVisibility,
  who: ReturnType<typeof person>,
  sat: string[] = [],
  slotId: string | null = 'slot_1',
) => maySee(who, { ...mark, visibility, slotId }, new Set(sat));

describe('Who sees a mark', () => {
  it('a private one: its maker, and nobody else whatever they may', () => {
    expect(sees('private', person('listener', ['supermarket'], 'maker'))).to.equal(true);
    for (const role of ['listener', 'owner', 'host', 'cx', 'agent', 'admin'] as const) {
      expect(sees('private', person(role), ['slot_1']), role).to.equal(false);
    }
  });

  it('one for the room: those who sat in it, and hosts', () => {
    expect(sees('room', person('listener'), ['slot_1'])).to.equal(true);
    expect(sees('room', person('listener'), ['slot_2'])).to.equal(false);
    expect(sees('room', person('owner'))).to.equal(false);
    expect(sees('room', person('cx'))).to.equal(false);
    expect(sees('room', person('host'))).to.equal(true);
    expect(sees('room', person('agent'), ['slot_1'])).to.equal(false);
  });

  it('one for the programme: hosts, the CX team and owners, not whoever sat beside them', () => {
    for (const role of ['host', 'cx', 'owner'] as const)
      expect(sees('programme', person(role)), role).to.equal(true);
    expect(sees('programme', person('listener'), ['slot_1'])).to.equal(false);
    expect(sees('programme', person('admin'))).to.equal(false);
  });

  it('nobody beyond their scope, not even its maker once the line is no longer theirs', () => {
    expect(sees('programme', person('owner', ['delivery']))).to.equal(false);
    expect(sees('room', person('listener', ['delivery']), ['slot_1'])).to.equal(false);
    expect(sees('private', person('listener', ['delivery'], 'maker'))).to.equal(false);
  });
});

describe('A mark', () => {
  it('counts from the call’s first packet until there is a recording, then from its start', () => {
    expect(presentBookmark(mark, null)).to.include({ offsetMs: 12_340, recordingId: null });
    expect(presentBookmark(mark, { id: 'rec_1', startedAt: startedAt - 45 })).to.include({
      offsetMs: 12_385,
      recordingId: 'rec_1',
    });
  });

  it('is the same request only with the same contents', () => {
    const request = { callId: 'c', offsetMs: 1, note: 'n', visibility: 'private' as const, remedy: null };
    expect(hashOf(request)).to.equal(hashOf({ ...request }));
    for (const change of [{ offsetMs: 2 }, { note: 'm' }, { visibility: 'programme' as const }]) {
      expect(hashOf({ ...request, ...change })).to.not.equal(hashOf(request));
    }
    const remedy = { kind: 'refunded' as const, text: '' };
    expect(hashOf({ ...request, remedy })).to.not.equal(hashOf(request));
  });

  it('is asked for of a call or of a recording, and for a room with its slot', () => {
    const asks = (change: object) =>
      markRequest.safeParse({
        ...{ callId: 'call_1', offsetMs: 0, visibility: 'private', idempotencyKey: 'key-12345' },
        ...change,
      }).success;
    expect(asks({})).to.equal(true);
    expect(asks({ recordingId: 'rec_1' })).to.equal(false);
    expect(asks({ callId: undefined })).to.equal(false);
    expect(asks({ visibility: 'room' })).to.equal(false);
    expect(asks({ visibility: 'room', slotId: 'slot_1' })).to.equal(true);
    expect(asks({ remedy: { kind: 'flowers', text: '' } })).to.equal(false);
    expect(asks({ remedy: { kind: 'coupon', text: '20 off the next order' } })).to.equal(true);
    expect(asks({ note: 'x'.repeat(2_001) })).to.equal(false);
  });
});
