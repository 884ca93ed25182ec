import { expect } from 'chai';
import type { ArchivedFile } from '#contract/capture.ts';
import { createRecordingsStore, type RecordingsStore } from '#domains/recordings/recordings.store.ts';
import { createLog } from '#kernel/log.ts';
import { connectMongo, type MongoConnection } from '#kernel/mongo.ts';
import { freshStores } from '#support/stack.ts';
import { storedRecording } from '#support/stored-recording.ts';

describe('the files of a recording', function () {
  this.timeout(30_000);
  let mongo: MongoConnection;
  let recordings: RecordingsStore;

  before(async () => {
    mongo = await connectMongo((await freshStores()).MONGODB_URL, createLog('test', 'silent'));
    recordings = createRecordingsStore(mongo);
    await recordings.ready();
  });
  after(() => mongo.close());

  const file = (kind: ArchivedFile['kind'], name: string, sha256 = 'b'.repeat(64)): ArchivedFile => ({
    ...{ kind, key: `recordings/2026/03/01/x/${name}`, contentType: 'application/json', bytes: 9, sha256 },
  });
  const namesOf = async (id: string) =>
    (await recordings.byId(id))!.files.map(
      ({ kind, key }) => `${kind} ${key.slice(key.lastIndexOf('/') + 1)}`,
    );

  it('grow by what is made later: the newest of a kind counts, every addendum stays', async () => {
    await recordings.insert(storedRecording('rec_1'));
    await recordings.addFiles('rec_1', [
      file('analysis', 'analysis-1.json'),
      file('addendum', 'manifest-1.json'),
    ]);
    await recordings.addFiles('rec_1', [
      file('analysis', 'analysis-2.json'),
      file('addendum', 'manifest-2.json'),
    ]);
    const told = await namesOf('rec_1');
    await recordings.addFiles('rec_1', [
      file('analysis', 'analysis-2.json'),
      file('addendum', 'manifest-2.json'),
    ]);
    expect(await namesOf('rec_1'), 'told twice').to.have.members(told);
    expect(told).to.deep.equal([
      ...['audio audio.webm', 'peaks peaks.json', 'manifest manifest.json'],
      ...['addendum manifest-1.json', 'analysis analysis-2.json', 'addendum manifest-2.json'],
    ]);
  });

  it('are replaced as a whole when the recording was sealed anew, and only then', async () => {
    const { files } = await recordings.insert(storedRecording('rec_2'));
    await recordings.addFiles('rec_2', [file('analysis', 'analysis-1.json')]);
    await recordings.replaceArchived('rec_2', files);
    expect(await namesOf('rec_2'), 'the same archive').to.include('analysis analysis-1.json');
    await recordings.replaceArchived('rec_2', [
      file('audio', 'audio.webm'),
      file('manifest', 'manifest.json'),
    ]);
    expect(await namesOf('rec_2')).to.deep.equal(['audio audio.webm', 'manifest manifest.json']);
  });

  it('are none once it is deleted, whoever comes late', async () => {
    await recordings.insert(storedRecording('rec_3', { state: 'deleted', files: [] }));
    await recordings.addFiles('rec_3', [file('analysis', 'analysis-1.json')]);
    await recordings.replaceArchived('rec_3', [file('manifest', 'manifest.json')]);
    expect(await namesOf('rec_3')).to.deep.equal([]);
  });

  it('are of one recording for a call, however many servers hear of it at once', async () => {
    const all = await Promise.all(
      ['a', 'b', 'c', 'd'].map((id) =>
        recordings.insert(storedRecording(`rec_${id}`, { callId: 'call_once' })),
      ),
    );
    expect(new Set(all.map(({ id }) => id)).size).to.equal(1);
    expect(await recordings.byCalls(['call_once'])).to.have.length(1);
  });
});
