import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Audio, type DescriptionType, PeerConnection } from 'node-datachannel';
import { isRtcp, parseRtp, writeRtp } from '#kernel/rtp/packet.ts';
import { keepUntilClosed } from '#support/native-tracks.ts';
import { machineNow, sentAt } from './rtp-source.ts';

type Word =
  | { readonly sdp: string; readonly type: DescriptionType }
  | { readonly candidate: string; readonly mid: string };

const payloadBytes = 160;
const payloadType = 111;
/** Against the 20 ms of a call's packets, so that every phase of what the machine does meanwhile is met. */
const everyMs = 7;

const address = () => process.env.LISTENER_ADDRESS ?? '127.0.0.1';

/**
 * The machine's floor: a direct peer connection from another process to this one, by the same library and the same
 * encryption, no server between. What a packet takes on it is the wake-up of two processes on busy cores.
 */
export class DirectPath {
  readonly #peer: PeerConnection;
  readonly #sender: ChildProcess;

  private constructor(peer: PeerConnection, sender: ChildProcess) {
    this.#peer = peer;
    this.#sender = sender;
  }

  /** Resolves when its first packet has come. `onTravelled` is told what each one took, ms. */
  static async open(onTravelled: (ms: number) => void): Promise<DirectPath> {
    const sender = fork(fileURLToPath(import.meta.url), [], {
      env: { ...process.env, DIRECT_SENDER: '1', AUDIENCE: '' },
    });
    const peer = new PeerConnection('direct-receiver', { iceServers: [], bindAddress: address() });
    exchange(peer, sender);
    await new Promise<void>((resolve, reject) => {
      sender.once('exit', () => reject(new Error('the direct path’s sender ended early')));
      peer.onTrack((track) => {
        keepUntilClosed(track);
        track.onMessage((bytes) => {
          const at = machineNow();
          if (isRtcp(bytes)) return;
          const packet = parseRtp(bytes);
          if (packet) onTravelled(at - sentAt(packet.payload));
          resolve();
        });
      });
    });
    return new DirectPath(peer, sender);
  }

  close(): void {
    this.#peer.close();
    this.#sender.kill();
  }
}

/** Tells the other process what this one's peer says, and the other way round. */
function exchange(peer: PeerConnection, other: NodeJS.Process | ChildProcess): void {
  const tell = (word: Word) => other.send?.(word);
  peer.onLocalDescription((sdp, type) => tell({ sdp, type }));
  peer.onLocalCandidate((candidate, mid) => tell({ candidate, mid }));
  other.on('message', (word: Word) => {
    if ('sdp' in word) peer.setRemoteDescription(word.sdp, word.type);
    else peer.addRemoteCandidate(word.candidate, word.mid);
  });
}

async function send(): Promise<void> {
  const peer = new PeerConnection('direct-sender', { iceServers: [], bindAddress: address() });
  exchange(peer, process);
  const audio = new Audio('voice', 'SendOnly');
  // The library sends what it is given; it only has to announce a codec, and Opus is the one that both sides know.
  audio.addOpusCodec(payloadType);
  audio.addSSRC(7, 'direct');
  const track = peer.addTrack(audio);
  keepUntilClosed(track);
  const open = new Promise<void>((resolve) => track.onOpen(resolve));
  peer.setLocalDescription();
  process.on('disconnect', () => process.exit(0));
  await open;
  const payload = Buffer.alloc(payloadBytes, 0xff);
  let sequence = 0;
  setInterval(() => {
    sequence += 1;
    const fields = { marker: false, payloadType, ssrc: 7, payload };
    payload.writeDoubleBE(machineNow(), 0);
    track.sendMessageBinary(
      writeRtp({ ...fields, sequenceNumber: sequence & 0xffff, timestamp: (sequence * payloadBytes) >>> 0 }),
    );
  }, everyMs);
}

if (process.env.DIRECT_SENDER === '1') await send();
