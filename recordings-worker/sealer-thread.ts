import { parentPort, workerData } from 'node:worker_threads';
import { createLog } from '#kernel/log.ts';
import { sealCall } from './seal/seal.ts';
import type { SealerAnswer, SealerTask } from './sealers.ts';
import { asWorkerError } from './worker-error.ts';

/** A sealing thread: one call at a time, as it is told by {@link Sealers}. */
const port = parentPort;
if (!port) throw new Error('this is a thread of the recordings worker');
const log = createLog('recordings-worker', (workerData as { level: Parameters<typeof createLog>[1] }).level);
let breakOff = new AbortController();

port.on('message', (message: SealerTask | 'break-off') => {
  if (message === 'break-off') {
    breakOff.abort();
    return;
  }
  breakOff = new AbortController();
  sealCall(message.job, { spoolDir: message.spoolDir, signal: breakOff.signal, log }).then(
    (facts) => port.postMessage({ kind: 'sealed', facts } satisfies SealerAnswer),
    (thrown: unknown) => {
      const { code, message: said, final } = asWorkerError(thrown);
      // The first cause says what really happened.
      const stack = [thrown, (thrown as Error).cause].map((one) => (one as Error)?.stack ?? '').join('\nby ');
      port.postMessage({ kind: 'failed', code, message: said, final, stack } satisfies SealerAnswer);
    },
  );
});
