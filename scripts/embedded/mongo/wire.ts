import { type Doc, decode, encode } from './values.ts';

/** MongoDB wire protocol, https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/ */
export const OP_REPLY = 1;
export const OP_QUERY = 2004;
export const OP_MSG = 2013;
const MAX_MESSAGE_BYTES = 48_000_000;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
const KNOWN_REQUIRED_FLAGS = CHECKSUM_PRESENT | MORE_TO_COME;

export interface Request {
  id: number;
  opCode: number;
  /** The command; document sequences (kind 1 sections) are put in it as arrays. */
  command: Doc;
  /** False for writes with `w: 0`: the client does not read an answer. */
  wantsReply: boolean;
}

/** Thrown for bytes that are no such message: the connection is closed, as MongoDB does. */
export class WireError extends Error {}

/** Cuts complete messages off a growing buffer. */
export class MessageReader {
  #pending: Buffer[] = [];
  #bytes = 0;

  push(chunk: Buffer): Buffer[] {
    this.#pending.push(chunk);
    this.#bytes += chunk.length;
    const messages: Buffer[] = [];
    while (this.#bytes >= 4) {
      if (this.#pending[0]!.length < 4) this.#pending = [Buffer.concat(this.#pending)];
      const length = this.#pending[0]!.readInt32LE(0);
      if (length < 16 || length > MAX_MESSAGE_BYTES) throw new WireError(`message length ${length}`);
      if (this.#bytes < length) break;
      const all = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
      messages.push(all.subarray(0, length));
      this.#bytes -= length;
      this.#pending = this.#bytes > 0 ? [all.subarray(length)] : [];
    }
    return messages;
  }
}

export function parseMessage(message: Buffer): Request {
  const id = message.readInt32LE(4);
  const opCode = message.readInt32LE(12);
  try {
    if (opCode === OP_MSG) return { id, opCode, ...parseOpMsg(message) };
    if (opCode === OP_QUERY) return { id, opCode, command: parseOpQuery(message), wantsReply: true };
  } catch (error) {
    throw new WireError(`malformed message: ${(error as Error).message}`);
  }
  throw new WireError(`unsupported opcode ${opCode}`);
}

function parseOpMsg(message: Buffer): { command: Doc; wantsReply: boolean } {
  const flags = message.readUInt32LE(16);
  if ((flags & 0xffff & ~KNOWN_REQUIRED_FLAGS) !== 0) throw new WireError(`unknown flags ${flags}`);
  const end = message.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
  const sequences: Doc = {};
  let body: Doc | undefined;
  for (let at = 20; at < end; ) {
    const kind = message[at++];
    const size = message.readInt32LE(at);
    const section = message.subarray(at, at + size);
    if (size < 5 || at + size > end) throw new WireError('section runs over the message');
    if (kind === 0) body = decode(section);
    else if (kind === 1) {
      const zero = section.indexOf(0, 4);
      sequences[section.toString('utf8', 4, zero)] = parseDocuments(section.subarray(zero + 1));
    } else throw new WireError(`unknown section kind ${kind}`);
    at += size;
  }
  if (body === undefined) throw new WireError('no body');
  return { command: Object.assign(body, sequences), wantsReply: (flags & MORE_TO_COME) === 0 };
}

function parseDocuments(bytes: Buffer): Doc[] {
  const documents: Doc[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readInt32LE(at);
    documents.push(decode(bytes.subarray(at, at + size)));
    at += size;
  }
  return documents;
}

/** OP_QUERY lives on only for the first hello of a driver, sent to `admin.$cmd`. */
function parseOpQuery(message: Buffer): Doc {
  const zero = message.indexOf(0, 20);
  const name = message.toString('utf8', 20, zero);
  if (!name.endsWith('.$cmd')) throw new WireError(`OP_QUERY on ${name}`);
  return { ...decode(message.subarray(zero + 9)), $db: name.slice(0, -5) };
}

let lastId = 0;

export function composeReply(request: Request, reply: Doc): Buffer {
  const body = encode(reply);
  const extra = request.opCode === OP_MSG ? 5 : 20;
  const head = Buffer.alloc(16 + extra);
  head.writeInt32LE(head.length + body.length, 0);
  lastId = (lastId + 1) & 0x7fffffff;
  head.writeInt32LE(lastId, 4);
  head.writeInt32LE(request.id, 8);
  head.writeInt32LE(request.opCode === OP_MSG ? OP_MSG : OP_REPLY, 12);
  if (request.opCode === OP_QUERY) head.writeInt32LE(1, 32);
  return Buffer.concat([head, body]);
}
