import { expect } from 'chai';
import { parseRtp } from '#kernel/rtp/packet.ts';
import { captureLegOf, LegFeed } from '#support/leg-feed.ts';
import { PacketIndex } from '#worker/seal/packet-index.ts';
import { type LegTimeline, placePackets } from '#worker/seal/timeline.ts';

const startMs = 1_760_000_000_000;
const frame = Buffer.alloc(160, 0xff);

/** What a leg sends, as the packet index of its spool; `delay` in ms for each packet in turn. */
function indexed(play: (feed: LegFeed) => void, delay: (packet: number) => number = () => 0): PacketIndex {
  const index = new PacketIndex();
  let packet = 0;
  const feed = new LegFeed(captureLegOf('leg_a', 'agent', 'PCMU'), startMs, (rtp, arrivalMs) => {
    const { ssrc, sequenceNumber, timestamp, payload } = parseRtp(rtp)!;
    index.add({
      arrivalMs: arrivalMs + delay(packet++),
      timestamp,
      ssrc,
      sequence: sequenceNumber,
      file: 0,
      payloadPosition: 0,
      payloadLength: payload.length,
      duration: payload.length,
    });
  });
  play(feed);
  return index;
}

const times = (count: number, work: () => void) => {
  for (let i = 0; i < count; i++) work();
};

/** Positions in ms. */
const places = (timeline: LegTimeline) => [...timeline.position].map((ticks) => ticks / 8);
const holesMs = (timeline: LegTimeline) =>
  timeline.holes.map(({ from, to, lost }) => ({ fromMs: from / 8, toMs: to / 8, lost }));

describe('placing a leg on the timeline', () => {
  it('lays packets end to end whatever the network does to their arrival', () => {
    let seed = 7;
    const jitter = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return (seed / 2_147_483_647) * 80;
    };
    // The first is 60 ms late, the 40th is on time.
    const index = indexed(
      (feed) => times(1_000, () => feed.frame(frame)),
      (packet) => (packet === 0 ? 60 : packet === 40 ? 0 : jitter()),
    );
    const timeline = placePackets(index, 8_000)!;
    expect(places(timeline)).to.deep.equal(Array.from({ length: 1_000 }, (_, i) => i * 20));
    expect(timeline.startMs).to.be.closeTo(startMs, 0.01);
    expect(timeline.length).to.equal(160_000);
    expect(timeline).to.deep.include({ holes: [], lost: 0, runs: 1 });
  });

  it('keeps counting through the wraps of sequence and timestamp', () => {
    const index = indexed((feed) => times(70_000, () => feed.frame(frame)));
    const timeline = placePackets(index, 8_000)!;
    expect(timeline.length).to.equal(70_000 * 160);
    expect(timeline).to.deep.include({ holes: [], lost: 0, runs: 1 });
  });

  it('puts overtaken packets back in their place', () => {
    const index = indexed((feed) => {
      times(10, () => feed.frame(frame));
      feed.swapped(frame, frame);
      times(10, () => feed.frame(frame));
    });
    const timeline = placePackets(index, 8_000)!;
    expect(timeline).to.deep.include({ holes: [], lost: 0, runs: 1 });
    expect([...timeline.order.slice(9, 13)]).to.deep.equal([9, 11, 10, 12]);
  });

  it('leaves a hole where packets were lost, and counts them', () => {
    const timeline = placePackets(
      indexed((feed) => {
        times(50, () => feed.frame(frame));
        feed.lose(150);
        times(50, () => feed.frame(frame));
      }),
      8_000,
    )!;
    expect(holesMs(timeline)).to.deep.equal([{ fromMs: 1_000, toMs: 4_000, lost: true }]);
    expect(timeline).to.include({ lost: 150, runs: 1, length: 250 * 160 });
  });

  it('leaves a hole where the sender was silent, and calls nothing lost', () => {
    const timeline = placePackets(
      indexed((feed) => {
        times(50, () => feed.frame(frame));
        feed.pause(30);
        times(50, () => feed.frame(frame));
      }),
      8_000,
    )!;
    expect(holesMs(timeline)).to.deep.equal([{ fromMs: 1_000, toMs: 1_600, lost: false }]);
    expect(timeline.lost).to.equal(0);
  });

  it('anchors anew by arrival after an SSRC change', () => {
    const timeline = placePackets(
      indexed((feed) => {
        times(100, () => feed.frame(frame));
        feed.stall(25);
        feed.ssrc = 99;
        feed.sequence = 5;
        feed.timestamp = 777;
        times(100, () => feed.frame(frame));
      }),
      8_000,
    )!;
    expect(timeline.runs).to.equal(2);
    expect(holesMs(timeline)).to.deep.equal([{ fromMs: 2_000, toMs: 2_500, lost: false }]);
  });

  it('anchors anew by arrival after a timestamp reset', () => {
    const timeline = placePackets(
      indexed((feed) => {
        times(100, () => feed.frame(frame));
        feed.timestamp = 12;
        times(100, () => feed.frame(frame));
      }),
      8_000,
    )!;
    expect(timeline).to.deep.include({ runs: 2, holes: [], length: 200 * 160 });
  });

  it('anchors anew when the sender stood still without counting', () => {
    const timeline = placePackets(
      indexed((feed) => {
        times(100, () => feed.frame(frame));
        feed.stall(150);
        times(300, () => feed.frame(frame));
      }),
      8_000,
    )!;
    expect(holesMs(timeline)).to.deep.equal([{ fromMs: 2_000, toMs: 5_000, lost: false }]);
  });

  it('is not fooled by a network that holds packets back for seconds and then lets them all go', () => {
    // Packets 100 to 249 arrive together, when number 249 does.
    const timeline = placePackets(
      indexed(
        (feed) => times(600, () => feed.frame(frame)),
        (packet) => (packet >= 100 && packet < 250 ? (249 - packet) * 20 : 0),
      ),
      8_000,
    )!;
    expect(timeline.holes).to.deep.equal([]);
    expect(timeline.length).to.equal(600 * 160);
  });

  it('leaves out what was stored twice, however far back', () => {
    const index = indexed((feed) => {
      times(4_000, () => feed.frame(frame));
      // A second segment begins at the first packet that was not acknowledged.
      feed.lose(-4_000);
      times(4_100, () => feed.frame(frame));
    });
    expect(index).to.include({ count: 4_100, duplicates: 4_000 });
    expect(placePackets(index, 8_000)).to.deep.include({ holes: [], lost: 0, runs: 1, length: 4_100 * 160 });
  });

  it('never lets one packet begin before the last one has ended', () => {
    let seed = 3;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const timeline = placePackets(
      indexed((feed) =>
        times(3_000, () => {
          const chance = random();
          if (chance < 0.02) feed.timestamp = Math.floor(random() * 2 ** 32);
          else if (chance < 0.04) feed.sequence += Math.floor(random() * 60_000);
          else if (chance < 0.06) feed.ssrc = Math.floor(random() * 5);
          else if (chance < 0.1) feed.stall(Math.floor(random() * 100));
          feed.frame(frame, random() * 200);
        }),
      ),
      8_000,
    )!;
    for (let i = 1; i < timeline.position.length; i++) {
      expect(timeline.position[i]! - timeline.position[i - 1]!).to.be.at.least(160);
    }
    expect(timeline.length / 8).to.be.below(400_000);
  });

  it('answers nothing for a leg that never spoke', () => {
    expect(placePackets(new PacketIndex(), 8_000)).to.be.undefined;
  });
});
