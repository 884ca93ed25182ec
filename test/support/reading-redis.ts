import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface ReadingRedis {
  readonly url: string;
  /** Commands that it has answered while it was reading. */
  readonly asked: number;
  /** All is read: from now on everybody is led to the real one. */
  read(): void;
  close(): void;
}

/** Stands before a Redis and answers as one does that has just started and still reads its data. */
export async function readingRedis(realPort: number): Promise<ReadingRedis> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    return socket;
  };
  const waiting = new Set<Socket>();
  const lead = (near: Socket) => {
    near.pipe(keep(connect(realPort, '127.0.0.1'))).pipe(near);
  };
  const state = 'loading:1\r\nloading_eta_seconds:1\r\n';
  let reading = true;
  let asked = 0;
  const server = createServer((near) => {
    keep(near);
    if (!reading) return lead(near);
    waiting.add(near);
    near.on('data', (chunk) => {
      // A command is an array of strings, its name the first: *2\r\n$4\r\nINFO\r\n…
      for (const [, name = ''] of String(chunk).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        asked += 1;
        near.write(
          name.toLowerCase() === 'info'
            ? `$${state.length}\r\n${state}\r\n`
            : '-LOADING Redis is loading the dataset in memory\r\n',
        );
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get asked() {
      return asked;
    },
    read() {
      reading = false;
      for (const near of waiting) lead(near.removeAllListeners('data'));
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
