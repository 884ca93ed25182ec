import { expect } from 'chai';
import type { CaptureLeg } from '#contract/capture.ts';
import {
  ackFrame,
  controlFrame,
  FrameReader,
  helloFrame,
  packetOverheadBytes,
  parseRecorderMessage,
  parseTapMessage,
  pingFrame,
  refusedFrame,
  TapProtocolError,
  welcomeFrame,
  writePacketFrame,
} from '#kernel/rtp/tap-protocol.ts';

const leg: CaptureLeg = {
  legId: 'leg_1',
  role: 'agent',
  codec: 'PCMU',
  payloadType: 0,
  clockRate: 8000,
  channels: 1,
};

function bodies(bytes: Buffer, cutEvery: number): Buffer[] {
  const reader = new FrameReader(10_000);
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += cutEvery) {
    reader.push(bytes.subarray(at, at + cutEvery), (body) => found.push(Buffer.from(body)));
  }
  return found;
}

describe('the tap protocol', () => {
  it('brings every kind of item across, however the stream is cut', () => {
    const rtp = Buffer.from('80000001000000a0deadbeef0102030405', 'hex');
    const packet = Buffer.alloc(packetOverheadBytes + rtp.length);
    expect(writePacketFrame(packet, 0, 7, 3, 1_700_000_000_000.125, rtp)).to.equal(packet.length);
    const stream = Buffer.concat([
      welcomeFrame({ version: 2, callId: 'call_1', acknowledged: 6 }),
      controlFrame({ kind: 'leg', sequence: 0, index: 3, leg }),
      packet,
      pingFrame(),
      controlFrame({ kind: 'hold', sequence: 8, index: 3, on: true, atMs: 12.5 }),
      controlFrame({ kind: 'leg-end', sequence: 9, index: 3, atMs: 13 }),
      controlFrame({ kind: 'pause', sequence: 10, on: true, sinceMs: 13.5, atMs: 13.5 }),
      controlFrame({ kind: 'pause', sequence: 11, on: false, sinceMs: 13.5, atMs: 13.75 }),
      controlFrame({ kind: 'call-end', sequence: 12, atMs: 14 }),
      refusedFrame('superseded'),
    ]);
    for (const cutEvery of [1, 2, 3, 17, stream.length]) {
      expect(bodies(stream, cutEvery).map(parseTapMessage)).to.deep.equal([
        { kind: 'welcome', welcome: { version: 2, callId: 'call_1', acknowledged: 6 } },
        { kind: 'leg', sequence: 0, index: 3, leg },
        { kind: 'packet', sequence: 7, index: 3, arrivalMs: 1_700_000_000_000.125, rtp },
        { kind: 'ping' },
        { kind: 'hold', sequence: 8, index: 3, on: true, atMs: 12.5 },
        { kind: 'leg-end', sequence: 9, index: 3, atMs: 13 },
        { kind: 'pause', sequence: 10, on: true, sinceMs: 13.5, atMs: 13.5 },
        { kind: 'pause', sequence: 11, on: false, sinceMs: 13.5, atMs: 13.75 },
        { kind: 'call-end', sequence: 12, atMs: 14 },
        { kind: 'refused', reason: 'superseded' },
      ]);
    }
  });

  it('reads what a recorder says', () => {
    const hello = { version: 2, lease: 'abc', workerId: 'w1', spoolId: 'spool_1' };
    const said = bodies(Buffer.concat([helloFrame(hello), ackFrame(0xfffffffe)]), 5).map(
      parseRecorderMessage,
    );
    expect(said).to.deep.equal([
      { kind: 'hello', hello },
      { kind: 'ack', sequence: 0xfffffffe },
    ]);
  });

  it('refuses frames longer than the reader allows before collecting them', () => {
    const reader = new FrameReader(100);
    expect(() => reader.push(Buffer.from([0xff, 0xff, 1]), () => {})).to.throw(TapProtocolError);
    expect(() => new FrameReader(100).push(Buffer.from([0, 0]), () => {})).to.throw(TapProtocolError);
  });

  it('refuses every cut-off or unknown body with a protocol error and nothing else', () => {
    const whole = [
      controlFrame({ kind: 'leg', sequence: 1, index: 0, leg }),
      controlFrame({ kind: 'hold', sequence: 1, index: 0, on: false, atMs: 1 }),
      controlFrame({ kind: 'pause', sequence: 1, on: false, sinceMs: 0, atMs: 1 }),
      controlFrame({ kind: 'leg-end', sequence: 1, index: 0, atMs: 1 }),
      controlFrame({ kind: 'call-end', sequence: 1, atMs: 1 }),
      welcomeFrame({ version: 2, callId: 'c', acknowledged: 0 }),
    ].map((frame) => frame.subarray(2));
    for (const body of whole) {
      for (let length = 0; length < body.length; length++) {
        expect(() => parseTapMessage(body.subarray(0, length))).to.throw(TapProtocolError);
      }
    }
    expect(() => parseTapMessage(Buffer.from([0x77, 1, 2]))).to.throw(TapProtocolError);
    expect(() => parseRecorderMessage(Buffer.from([0x11, 1]))).to.throw(TapProtocolError);
    expect(() => parseRecorderMessage(Buffer.from('\x10{"version":1}'))).to.throw(TapProtocolError);
  });
});
