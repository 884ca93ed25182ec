import { expect } from 'chai';
import { cutRequest } from '#contract/clips.ts';
import { clipJobOf, presentClip, type StoredClip, spanOf } from '#domains/clips/clips.ts';
import { storedRecording } from '#support/stored-recording.ts';

const startedAt = 1_760_000_000_000;
const recording = { startedAt, durationMs: 60_000 };
const wish = (fromMs: number, toMs: number) => ({ fromAt: startedAt + fromMs, toAt: startedAt + toMs });
const span = (fromMs: number, toMs: number, durationMs = 60_000) =>
  spanOf(wish(fromMs, toMs), { startedAt, durationMs });

describe('The span of a clip', () => {
  it('lies on packet bounds around what was wished', () => {
    expect(span(20_000, 40_000)).to.deep.equal({ fromMs: 20_000, toMs: 40_000 });
    expect(span(20_013, 40_001)).to.deep.equal({ fromMs: 20_000, toMs: 40_020 });
  });

  it('ends with the recording, and begins with it', () => {
    expect(span(-5_000, 12_000)).to.deep.equal({ fromMs: 0, toMs: 12_000 });
    expect(span(50_000, 80_000)).to.deep.equal({ fromMs: 50_000, toMs: 60_000 });
    expect(span(50_000, 80_000, 59_987)).to.deep.equal({ fromMs: 50_000, toMs: 59_987 });
  });

  it('is never shorter than a second, where the recording is not', () => {
    expect(span(59_900, 70_000)).to.deep.equal({ fromMs: 59_000, toMs: 60_000 });
    expect(span(61_000, 70_000)).to.deep.equal({ fromMs: 59_000, toMs: 60_000 });
    expect(span(0, 5_000, 1_000)).to.deep.equal({ fromMs: 0, toMs: 1_000 });
    expect(span(0, 5_000, 999)).to.equal(null);
  });

  it('is never longer than ten minutes', () => {
    expect(span(13, 600_013, 3_600_000)).to.deep.equal({ fromMs: 0, toMs: 600_000 });
  });

  it('stays where it was heard when the recording turns out to have begun a little earlier', () => {
    expect(spanOf(wish(20_000, 40_000), { ...recording, startedAt: startedAt - 60 })).to.deep.equal({
      fromMs: 20_060,
      toMs: 40_060,
    });
  });
});

describe('A clip', () => {
  const clip: StoredClip = {
    ...{ id: 'clip_1', callId: 'call_1', lineId: 'supermarket', recordingId: null, bookmarkId: null },
    ...{ title: 'Outgrown', ...wish(10_000, 30_000), zeroAt: startedAt, span: null },
    ...{
      state: 'asked',
      stateAt: 1,
      attempts: 0,
      failure: null,
      file: null,
      rendering: null,
      manifest: null,
    },
    ...{ personId: 'cx', personName: { en: 'A', zh: '甲' }, personTitle: { en: 'B', zh: '乙' } },
    ...{ createdAt: 1, idempotencyKey: 'key-12345', requestHash: 'h' },
  };

  it('waits until its recording is in the archive', () => {
    const archived = storedRecording('rec_1', { callId: 'call_1', startedAt });
    expect(clipJobOf(clip, { ...archived, state: 'sealed' })).to.equal(null);
    expect(clipJobOf(clip, { ...archived, durationMs: null })).to.equal(null);
    expect(clipJobOf(clip, archived)).to.deep.include({ clipId: 'clip_1', fromMs: 10_000, toMs: 30_000 });
  });

  it('tells what was wished until it is cut, then what was cut', () => {
    expect(presentClip(clip)).to.include({ fromMs: 10_000, toMs: 30_000, readyAt: null });
    const cut: StoredClip = { ...clip, state: 'ready', stateAt: 7, span: { fromMs: 9_980, toMs: 30_000 } };
    expect(presentClip(cut)).to.include({ fromMs: 9_980, readyAt: 7 });
  });

  it('is asked for of a call or of a recording, for one second to ten minutes', () => {
    const asks = (change: object) =>
      cutRequest.safeParse({
        ...{ callId: 'call_1', fromMs: 0, toMs: 20_000, title: '', idempotencyKey: 'key-12345' },
        ...change,
      }).success;
    expect(asks({})).to.equal(true);
    expect(asks({ recordingId: 'rec_1' })).to.equal(false);
    expect(asks({ callId: undefined })).to.equal(false);
    expect(asks({ toMs: 999 })).to.equal(false);
    expect(asks({ toMs: 600_000 })).to.equal(true);
    expect(asks({ toMs: 600_001 })).to.equal(false);
    expect(asks({ title: 'x'.repeat(201) })).to.equal(false);
  });
});
