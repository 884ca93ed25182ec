import { expect } from 'chai';
import type { RenderJob } from '#contract/capture.ts';
import type { RecordingsStore } from '#domains/recordings/recordings.store.ts';
import type { RecordingEvents, StoredRecording } from '#domains/recordings/recordings.ts';
import { createRenderingsService } from '#domains/recordings/renderings.service.ts';
import { createLog } from '#kernel/log.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import { eventually } from '#support/eventually.ts';

const minute = 60_000;

function recording(id: string, over: Partial<StoredRecording> = {}): StoredRecording {
  const file = { kind: 'audio', key: `${id}/audio.webm`, contentType: 'audio/webm', bytes: 9, sha256: 'ab' };
  return {
    ...{ id, callId: `call_${id}`, state: 'archived', durationMs: 5_000, files: [file] },
    ...over,
  } as StoredRecording;
}

describe('asking for renderings', () => {
  const jobs: RenderJob[] = [];
  let lacking: StoredRecording[] = [];
  let now = 0;
  let events: TypedEvents<RecordingEvents>;
  let service: ReturnType<typeof createRenderingsService>;

  beforeEach(() => {
    jobs.length = 0;
    lacking = [];
    now = 1_000 * minute;
    events = new TypedEvents<RecordingEvents>((error) => {
      throw error;
    });
    service = createRenderingsService({
      store: { archivedWithout: async () => lacking } as unknown as RecordingsStore,
      queue: { enqueueRender: async (job) => void jobs.push(job) },
      events,
      clock: () => now,
      log: createLog('test', 'silent'),
    });
  });

  it('is done as soon as a recording is archived', async () => {
    events.emit('recording-archived', { recording: recording('rec_1') });
    await eventually(() => expect(jobs).to.have.length(1), { within: 1_000 });
    expect(jobs[0]).to.deep.equal({
      ...{ recordingId: 'rec_1', callId: 'call_rec_1', durationMs: 5_000 },
      audio: { key: 'rec_1/audio.webm', sha256: 'ab' },
    });
  });

  it('is done again for what has not come, each time later, and not for all at once', async () => {
    lacking = Array.from({ length: 8 }, (_, i) => recording(`rec_${i}`));
    await service.sweep();
    expect(jobs).to.have.length(5);
    await service.sweep();
    expect(jobs.map(({ recordingId }) => recordingId)).to.deep.equal(lacking.map(({ id }) => id));
    await service.sweep();
    expect(jobs).to.have.length(8);
    lacking = lacking.slice(0, 1);
    const times: number[] = [];
    for (let minutes = 1; minutes <= 100; minutes++) {
      now += minute;
      const before = jobs.length;
      await service.sweep();
      if (jobs.length > before) times.push(minutes);
    }
    expect(times).to.deep.equal([20, 60]);
  });

  it('is not done for what has no master', async () => {
    lacking = [recording('rec_1', { files: [] }), recording('rec_2', { state: 'sealed' })];
    await service.sweep();
    expect(jobs).to.be.empty;
  });
});
