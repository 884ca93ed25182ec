import { expect } from 'chai';
import { createClipsService } from '#domains/clips/clips.service.ts';
import { noRecordingAfterMs, type StoredClip } from '#domains/clips/clips.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import { storedRecording } from '#support/stored-recording.ts';

const now = 1_760_000_000_000;
const asked = (number: number, callId: string): StoredClip =>
  ({
    id: `clip_${String(number).padStart(4, '0')}`,
    ...{
      callId,
      state: 'asked',
      stateAt: now - 60_000,
      attempts: 0,
      createdAt: now - 2 * noRecordingAfterMs,
    },
    ...{ fromAt: now - 50_000, toAt: now - 40_000, bookmarkId: null, personId: 'p' },
  }) as unknown as StoredClip;

/** The service with clips in memory; `callsAway`: the store of calls is not reachable. */
function sweeping(clips: StoredClip[], recorded: readonly string[], { callsAway = false } = {}) {
  const queued: string[] = [];
  const change = (clip: StoredClip, set: Partial<StoredClip>) => {
    const index = clips.indexOf(clip);
    clips[index] = { ...clip, ...set };
    return clips[index];
  };
  const service = createClipsService({
    store: {
      standing: async (states: readonly string[], before: number, afterId: string, limit: number) =>
        clips
          .filter(({ id, state, stateAt }) => states.includes(state) && stateAt < before && id > afterId)
          .slice(0, limit),
      withLeftover: async () => [],
      move: async (clip: StoredClip, _: unknown, set: Partial<StoredClip>) => change(clip, set),
      set: async (id: string, _: unknown, set: Partial<StoredClip>) =>
        change(clips.find((clip) => clip.id === id)!, set),
    } as never,
    calls: {
      find: () => Promise.reject(new Error('not asked one by one')),
      byIds: async () => {
        if (callsAway) throw new Error('the store is away');
        return [];
      },
    },
    recordings: {
      ofCalls: async (callIds: readonly string[]) =>
        callIds
          .filter((callId) => recorded.includes(callId))
          .map((callId) => storedRecording(`rec_${callId}`, { callId, startedAt: now - 60_000 })),
    } as never,
    queue: { enqueueClip: async ({ clipId }: { clipId: string }) => void queued.push(clipId) },
    recordingEvents: new TypedEvents(() => undefined),
    events: new TypedEvents(() => undefined),
    ...({ bookmarks: {}, hearings: {}, storage: {}, log: {} } as never as object),
    clock: () => now,
  } as never);
  return { service, queued };
}

describe('The sweep of clips', () => {
  it('reaches a clip that can be cut behind hundreds that have to wait', async () => {
    const waiting = Array.from({ length: 230 }, (_, i) => ({ ...asked(i, 'call_on'), createdAt: now }));
    const { service, queued } = sweeping([...waiting, asked(999, 'call_archived')], ['call_archived']);
    await service.sweep();
    expect(queued).to.deep.equal(['clip_0999']);
  });

  it('gives up a clip of a call that nobody recorded', async () => {
    const clips = [asked(1, 'call_gone')];
    await sweeping(clips, []).service.sweep();
    expect(clips[0]).to.deep.include({ state: 'failed' });
    expect(clips[0]!.failure).to.include({ code: 'clip.no-recording' });
  });

  it('decides nothing of a call that it could not ask about', async () => {
    const clips = [asked(1, 'call_1')];
    const fault = await sweeping(clips, [], { callsAway: true })
      .service.sweep()
      .catch((error: Error) => error.message);
    expect(fault).to.equal('the store is away');
    expect(clips[0]!.state).to.equal('asked');
  });
});
