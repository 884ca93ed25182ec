import { once } from 'node:events';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';

/** Whether a TCP port of this address can be listened on now. Port 0 gives a free one. @returns the port, or undefined */
export async function tryPort(port: number, host = '127.0.0.1'): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address ? address.port : undefined;
  } catch {
    return undefined;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** The first choice if it is free, else any free port. */
export async function freePort(preferred = 0, host = '127.0.0.1'): Promise<number> {
  const port = (preferred > 0 ? await tryPort(preferred, host) : undefined) ?? (await tryPort(0, host));
  if (port === undefined) throw new Error(`no free TCP port on ${host}`);
  return port;
}

/** A small JSON object in a file, rewritten whole at every change; readable by its owner only. */
export class JsonFile<T extends object> {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async read(): Promise<Partial<T>> {
    try {
      return JSON.parse(await readFile(this.path, 'utf8')) as Partial<T>;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw new Error(`${this.path} is not readable: ${(error as Error).message}`, { cause: error });
    }
  }

  async write(value: Partial<T>): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    const temporary = `${this.path}.${process.pid}`;
    await writeFile(temporary, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
    await rename(temporary, this.path);
  }
}
