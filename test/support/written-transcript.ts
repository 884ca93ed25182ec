import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { TranscriptFile } from '#contract/transcripts.ts';
import { createLog } from '#kernel/log.ts';
import { Queues } from '#kernel/queues.ts';
import { createObjectStore } from '#kernel/s3.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';

/** What a worker leaves behind who has written a call down: the file in the bucket, the report in the queue. */
export async function writeTranscript(
  stores: StackEnv,
  { recordingId, callId }: { recordingId: string; callId: string },
  transcript: TranscriptFile,
): Promise<void> {
  const key = `recordings/${recordingId}/transcript-00000000.json`;
  const said = transcript.utterances.flatMap(({ words }) => words.map(({ text }) => text));
  const store = createObjectStore({ ...stores, S3_FORCE_PATH_STYLE: true });
  await store.client.send(
    new PutObjectCommand({
      Bucket: store.bucket,
      Key: key,
      Body: JSON.stringify(transcript),
      ContentType: 'application/json',
    }),
  );
  store.close();
  const queues = new Queues({ redisUrl: stores.REDIS_URL, log: createLog('test', 'silent') });
  await queues.reportAnalysis({
    kind: 'transcribed',
    ...{ recordingId, callId, workerId: 'worker_test', at: Date.now() },
    file: {
      ...{ kind: 'transcript', key, contentType: 'application/json' },
      bytes: 2,
      sha256: '0'.repeat(64),
    },
    words: said.length,
    text: said.join(' '),
    transcriber: transcript.transcriber,
  });
  await queues.close();
}
