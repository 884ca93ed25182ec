import { createSocket } from 'node:dgram';
import { Audio, PeerConnection, type Track } from 'node-datachannel';
import { parseRtp, writeRtp } from '#kernel/rtp/packet.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import { keepUntilClosed } from '#support/native-tracks.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { heard } from './join.bench.ts';
import type { World } from './world.ts';

const payloadBytes = 160;
const directPayloadType = 111;

/** A G.711 payload whose first bytes are the sender's clock, so that the receiver can tell how long it travelled. */
function stamped(): Buffer {
  const payload = Buffer.alloc(payloadBytes, 0xff);
  payload.writeDoubleBE(performance.now(), 0);
  return payload;
}

/** A direct peer connection on this machine: the same library, the same encryption, no server between. */
async function directPeers(
  onPayload: (payload: Buffer) => void,
): Promise<{ send: (packet: Buffer) => void; close: () => void }> {
  const options = { iceServers: [], bindAddress: '127.0.0.1' };
  const [sender, receiver] = [
    new PeerConnection('direct-sender', options),
    new PeerConnection('direct-receiver', options),
  ];
  sender.onLocalDescription((sdp, type) => receiver.setRemoteDescription(sdp, type));
  receiver.onLocalDescription((sdp, type) => sender.setRemoteDescription(sdp, type));
  sender.onLocalCandidate((candidate, mid) => receiver.addRemoteCandidate(candidate, mid));
  receiver.onLocalCandidate((candidate, mid) => sender.addRemoteCandidate(candidate, mid));
  receiver.onTrack((track) => {
    keepUntilClosed(track);
    track.onMessage((bytes) => {
      const packet = parseRtp(bytes);
      if (packet) onPayload(packet.payload);
    });
  });
  const audio = new Audio('voice', 'SendOnly');
  // The library sends what it is given; it only has to announce a codec, and Opus is the one that both sides know.
  audio.addOpusCodec(directPayloadType);
  audio.addSSRC(7, 'direct');
  const track: Track = sender.addTrack(audio);
  keepUntilClosed(track);
  const open = new Promise<void>((resolve) => track.onOpen(resolve));
  sender.setLocalDescription();
  await open;
  let closed = false;
  return {
    send: (packet) => {
      if (!closed) track.sendMessageBinary(packet);
    },
    close: () => {
      closed = true;
      sender.close();
      receiver.close();
    },
  };
}

/**
 * What the house adds on the way: ingress, SFU and their two hops, beside a direct peer connection. Packets go over
 * both paths in turn, 10 ms apart, sent and received by this one process, so that clock and machine are the same.
 */
export async function measureLatency(world: World, seconds: number): Promise<Figure[]> {
  const through: number[] = [];
  const direct: number[] = [];
  const travelled = (payload: Buffer) => performance.now() - payload.readDoubleBE(0);
  const call = await world.telephony.open({
    lineId: 'supermarket',
    legs: [{ role: 'agent', codec: 'PCMU' }],
  });
  const leg = call.legs[0]!;
  const socket = createSocket('udp4');
  const peers = await directPeers((payload) => direct.push(travelled(payload)));
  let sequence = 0;
  const packet = (payloadType: number) =>
    writeRtp({
      marker: false,
      payloadType,
      sequenceNumber: sequence & 0xffff,
      timestamp: sequence * payloadBytes,
      ssrc: 7,
      payload: stamped(),
    });
  const room = await RoomClient.open(world.host, world.slotId);
  const timer = setInterval(() => {
    sequence += 1;
    socket.send(packet(0), leg.port, leg.address);
    setTimeout(() => peers.send(packet(directPayloadType)), 10);
  }, 20);
  try {
    await heard(world, call.callId);
    await room.listen(call.callId, { onPacket: (_, payload) => through.push(travelled(payload)) });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    through.length = 0;
    direct.length = 0;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  } finally {
    clearInterval(timer);
    room.close();
    peers.close();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    await world.telephony.end(call.callId);
  }
  const figures = ([50, 95, 99] as const).map((p): Figure => {
    const [house, bare] = [percentile(through, p), percentile(direct, p)];
    return {
      name: `one-way latency the SFU path adds, p${p} of ${through.length}`,
      value: rounded(house - bare),
      unit: 'ms',
      beside: `${p === 50 ? 'target < 3 ms; ' : ''}direct peer connection ${rounded(bare)} ms, through the house ${rounded(house)} ms`,
      ...(p === 50 ? { met: house - bare < 3 } : {}),
    };
  });
  return figures;
}
