import { expect } from 'chai';
import type { RecordingClass, RetentionEvent, RetentionPolicy } from '#contract/retention.ts';
import { retentionEndpoints } from '#contract/retention.ts';
import {
  brokenAt,
  covers,
  dueAt,
  hashOf,
  noHash,
  ownPolicy,
  policyFor,
  reachOf,
  withDraft,
  withOwn,
} from '#domains/retention/retention.ts';
import { storedRecording } from '#support/stored-recording.ts';

const policy = (
  id: string,
  lineId: string | null,
  recordingClass: RecordingClass | null,
  ceilingDays: number | null = 30,
): RetentionPolicy => ({ ...ownPolicy, id, lineId, recordingClass, ceilingDays });

describe('a retention policy', () => {
  const all = withOwn([
    policy('line', 'supermarket', null),
    policy('class', null, 'test', 7),
    policy('both', 'supermarket', 'test', 3),
    policy('clips', 'delivery', 'clip-source', null),
  ]);
  const nameOf = (lineId: string, recordingClass?: RecordingClass) =>
    policyFor(all, { lineId, ...(recordingClass ? { recordingClass } : {}) }).id;

  it('counts the more the more it says: line and class, line, class, everything', () => {
    expect(nameOf('supermarket', 'test')).to.equal('both');
    expect(nameOf('supermarket', 'clip-source')).to.equal('line');
    expect(nameOf('supermarket')).to.equal('line');
    expect(nameOf('delivery', 'test')).to.equal('class');
    expect(nameOf('delivery', 'clip-source')).to.equal('clips');
    expect(nameOf('delivery')).to.equal('default');
    expect(all.map(({ id }) => id)).to.deep.equal(['clips', 'both', 'line', 'class', 'default']);
  });

  it('reaches exactly the recordings that it counts for', () => {
    for (const lineId of ['supermarket', 'delivery', 'electronics']) {
      for (const recordingClass of ['standard', 'clip-source', 'test'] as const) {
        const reaching = all.filter((one) => {
          const reach = reachOf(one, all);
          return (
            (reach.lineId === null || reach.lineId === lineId) &&
            (reach.recordingClass === null || reach.recordingClass === recordingClass) &&
            !reach.notLines.includes(lineId) &&
            !reach.notClasses.includes(recordingClass) &&
            !reach.notPairs.some((pair) => pair.lineId === lineId && pair.recordingClass === recordingClass)
          );
        });
        const counting = policyFor(all, { lineId, recordingClass });
        expect(
          reaching.map(({ id }) => id),
          `${lineId} ${recordingClass}`,
        ).to.deep.equal([counting.id]);
      }
    }
  });

  it('is half a year where nobody has said anything, and can be tried out before it is set', () => {
    const recording = storedRecording('rec_1', { startedAt: 0 });
    expect(dueAt(recording, policyFor(withOwn([]), recording))).to.equal(180 * 86_400_000);
    expect(dueAt(recording, policy('never', null, null, null))).to.equal(null);
    const draft = { lineId: 'supermarket', recordingClass: null, floorDays: 0, ceilingDays: 5 };
    const tried = withDraft(all, draft);
    expect(policyFor(tried, { lineId: 'supermarket' })).to.include({ id: 'draft', ceilingDays: 5 });
    expect(tried).to.have.length(all.length);
  });

  it('is refused when nothing could ever satisfy it', () => {
    const body = retentionEndpoints.savePolicy.body!;
    const rule = { lineId: null, recordingClass: null, floorDays: 10, ceilingDays: 5 };
    expect(body.safeParse({ rule, reason: 'shorter' }).success).to.equal(false);
    expect(body.safeParse({ rule: { ...rule, ceilingDays: 10 }, reason: 'shorter' }).success).to.equal(true);
    expect(body.safeParse({ rule: { ...rule, ceilingDays: 10 }, reason: ' ' }).success).to.equal(false);
    expect(
      retentionEndpoints.placeHold.body!.safeParse({ scope: {}, reason: 'everything' }).success,
    ).to.equal(false);
  });
});

describe('a legal hold', () => {
  const recording = storedRecording('rec_1', { startedAt: 1_000, searchText: 'so-4711 纸尿裤 agent one' });

  it('covers what fits all that it names, and nothing else', () => {
    for (const scope of [
      { recordingId: 'rec_1' },
      { lineId: 'supermarket' },
      { agentId: 'agent-1', from: 1_000, to: 1_001 },
      { words: 'SO-4711 Agent' },
      { words: '纸尿裤', lineId: 'supermarket' },
    ]) {
      expect(covers(scope, recording), JSON.stringify(scope)).to.equal(true);
    }
    for (const scope of [
      { recordingId: 'rec_2' },
      { lineId: 'supermarket', agentId: 'agent-2' },
      { from: 1_001 },
      { to: 1_000 },
      { words: 'so-4711 nobody' },
    ]) {
      expect(covers(scope, recording), JSON.stringify(scope)).to.equal(false);
    }
  });
});

describe('the trail of retention', () => {
  function trail(): RetentionEvent[] {
    let last = noHash;
    return [1, 2, 3].map((sequence) => {
      const event = {
        ...{ id: `ret_${sequence}`, sequence, at: sequence, by: null, action: 'deletion-done' as const },
        ...{ recordingId: 'rec_1', reason: 'old', before: null, after: { objects: 3 } },
      };
      last = hashOf(event, last);
      return { ...event, hash: last };
    });
  }

  it('shows where an event was changed, taken out or put in', () => {
    expect(brokenAt(trail())).to.equal(null);
    const changed = trail();
    changed[1] = { ...changed[1]!, reason: 'another' };
    expect(brokenAt(changed)).to.equal(2);
    const [first, , third] = trail();
    expect(brokenAt([first!, third!])).to.equal(3);
    const rehashed = trail();
    rehashed[0] = { ...rehashed[0]!, at: 9, hash: hashOf({ ...rehashed[0]!, at: 9 }, noHash) };
    expect(brokenAt(rehashed)).to.equal(2);
  });
});
