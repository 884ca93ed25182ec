import { createServer, type Server, type Socket } from 'node:net';

export interface ReceivedMail {
  readonly from: string;
  readonly to: string[];
  /** As it came, dots unstuffed (RFC 5321 §4.5.2). */
  readonly raw: string;
}

/** What the server says to RCPT TO and to the end of DATA: `250 …` takes it. */
export interface SmtpReplies {
  rcpt: (address: string) => string;
  data: () => string;
}

/** A mail server on a free port of this machine, that speaks as much of RFC 5321 as a client needs, and does as it is told. */
export class SmtpServer {
  readonly mails: ReceivedMail[] = [];
  /** How many conversations there were. */
  connections = 0;
  replies: SmtpReplies = { rcpt: () => '250 OK', data: () => '250 Taken' };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  port = 0;

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  /** On the port it had before, if it had one. */
  async listen(): Promise<void> {
    const server = createServer((socket) => this.#converse(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    this.port = address.port;
  }

  /** Gone at once, with whoever was talking. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #converse(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.setEncoding('utf8');
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    const say = (line: string) => void socket.write(`${line}\r\n`);
    let pending = '';
    let from = '';
    let to: string[] = [];
    let data: string[] | null = null;
    const address = (line: string) => /<([^>]*)>/.exec(line)?.[1] ?? '';
    const take = (line: string) => {
      if (data !== null) {
        if (line !== '.') {
          data.push(line.startsWith('..') ? line.slice(1) : line);
          return;
        }
        const reply = this.replies.data();
        if (reply.startsWith('2')) this.mails.push({ from, to, raw: data.join('\r\n') });
        data = null;
        say(reply);
        return;
      }
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'EHLO') {
        say('250-test at your service');
        say('250 8BITMIME');
      } else if (verb === 'HELO' || verb === 'NOOP') say('250 OK');
      else if (verb === 'MAIL') {
        from = address(line);
        to = [];
        say('250 OK');
      } else if (verb === 'RCPT') {
        const reply = this.replies.rcpt(address(line));
        if (reply.startsWith('2')) to.push(address(line));
        say(reply);
      } else if (verb === 'DATA') {
        if (to.length === 0) say('503 nobody to send it to');
        else {
          data = [];
          say('354 go ahead');
        }
      } else if (verb === 'RSET') {
        to = [];
        say('250 OK');
      } else if (verb === 'QUIT') {
        say('221 bye');
        socket.end();
      } else say('502 not known here');
    };
    socket.on('data', (chunk: string) => {
      const lines = (pending + chunk).split('\r\n');
      pending = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
    say('220 test ready');
  }
}
