import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { accessKey, bucket, secretKey } from './object-store.ts';

const main = fileURLToPath(import.meta.resolve('#scripts/embedded/s3/main.ts'));

export interface ServerProcess {
  child: ChildProcess;
  endpoint: string;
  faultEndpoint?: string;
  /** what it wrote to stderr so far */
  errors(): string;
  /** sends a signal and waits for the end; answers exit code and signal */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: string | null }>;
}

/** Runs the server as a process of its own. Rejects with its stderr when it ends before it is ready. */
export async function runServer(
  dataDir: string,
  { more = [], env = {} }: { more?: string[]; env?: Record<string, string> } = {},
): Promise<ServerProcess> {
  const keys = ['--access-key', accessKey, '--secret-key', secretKey];
  const child = fork(main, ['--port', '0', '--data', dataDir, '--bucket', bucket, ...keys, ...more], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...env },
  });
  let errors = '';
  child.stderr!.on('data', (piece) => {
    errors += piece;
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const line = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout!.on('data', (piece) => {
      output += piece;
      if (output.includes('\n')) resolve(output.split('\n')[0]!);
    });
    void closed.then(() => reject(new Error(errors)));
  });
  const { ready, endpoint, faultEndpoint } = JSON.parse(line);
  if (ready !== true) throw new Error(`not ready: ${line}`);
  return {
    child,
    endpoint,
    faultEndpoint,
    errors: () => errors,
    end: async (signal) => {
      child.kill(signal);
      const [code, endedBy] = await closed;
      return { code, signal: endedBy };
    },
  };
}
