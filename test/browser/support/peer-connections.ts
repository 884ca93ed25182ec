import type { BrowserContext, Page } from 'playwright-core';

interface PeerWindow {
  peerConnections?: RTCPeerConnection[];
}

/** From now on pages of this context keep their peer connections, for the functions below. */
export async function rememberPeerConnections(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const kept: RTCPeerConnection[] = [];
    (globalThis as PeerWindow).peerConnections = kept;
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      override setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
        // Some are made only to ask the browser what it can: they never hear of another side.
        if (!kept.includes(this)) kept.push(this);
        return super.setRemoteDescription(description);
      }
    };
  });
}

export interface PeerFigures {
  /** Connections to a server since the page was loaded, closed ones included. */
  readonly made: number;
  readonly inbound: number;
  readonly outbound: number;
  /** On all tracks since the connections were made. */
  readonly packetsReceived: number;
  /** Of all transceivers, as they were negotiated. */
  readonly directions: readonly (string | null)[];
  /** Tracks that are being sent. */
  readonly sentTracks: number;
}

/** What the open connections of a page carry, by WebRTC's own statistics. */
export function peerFigures(page: Page): Promise<PeerFigures> {
  return page.evaluate(async () => {
    const all = (globalThis as PeerWindow).peerConnections ?? [];
    const open = all.filter(({ connectionState }) => connectionState !== 'closed');
    const types: string[] = [];
    let packetsReceived = 0;
    for (const connection of open) {
      for (const entry of (await connection.getStats()).values()) {
        types.push(entry.type);
        if (entry.type === 'inbound-rtp') packetsReceived += Number(entry.packetsReceived ?? 0);
      }
    }
    const transceivers = open.flatMap((connection) => connection.getTransceivers());
    return {
      made: all.length,
      inbound: types.filter((type) => type === 'inbound-rtp').length,
      outbound: types.filter((type) => type === 'outbound-rtp').length,
      packetsReceived,
      directions: transceivers.map(({ currentDirection }) => currentDirection),
      sentTracks: transceivers.filter(({ sender }) => sender.track !== null).length,
    };
  });
}

/**
 * The strongest frequency of each track that the page receives now, in Hz, 0 for silence: what comes out of the
 * connection, whatever the page does with it.
 */
export function receivedTones(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const open = ((globalThis as PeerWindow).peerConnections ?? []).filter(
      ({ connectionState }) => connectionState === 'connected',
    );
    const tracks = open
      .flatMap((connection) => connection.getTransceivers())
      .filter(({ currentDirection }) => currentDirection === 'recvonly')
      .map(({ receiver }) => receiver.track);
    const context = new AudioContext();
    try {
      const analysers = tracks.map((track) => {
        const analyser = context.createAnalyser();
        analyser.fftSize = 8_192;
        analyser.smoothingTimeConstant = 0;
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
        return analyser;
      });
      // One whole window of the spectrum must have passed: 171 ms at 48 kHz.
      const until = context.currentTime + 0.25;
      while (context.currentTime < until) await new Promise((next) => requestAnimationFrame(next));
      return analysers.map((analyser) => {
        const samples = new Float32Array(analyser.fftSize);
        analyser.getFloatTimeDomainData(samples);
        const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
        if (rms < 0.01) return 0;
        const bins = new Float32Array(analyser.frequencyBinCount);
        analyser.getFloatFrequencyData(bins);
        return Math.round((bins.indexOf(Math.max(...bins)) * context.sampleRate) / analyser.fftSize);
      });
    } finally {
      await context.close();
    }
  });
}

export interface ChosenPath {
  /** host, srflx, prflx or relay. */
  readonly local: string;
  /** udp or tcp, between this browser and what it sends to. */
  readonly protocol: string;
  /** With a relay: how the browser reaches it (udp, tcp or tls). */
  readonly relayProtocol: string | undefined;
}

/** The way that packets take now (the selected candidate pair of W3C webrtc-stats) of the page's open connection. */
export function chosenPath(page: Page): Promise<ChosenPath> {
  return page.evaluate(async () => {
    const all = (globalThis as PeerWindow).peerConnections ?? [];
    const open = all.find(({ connectionState }) => connectionState === 'connected');
    const report = new Map<string, Record<string, unknown>>();
    for (const entry of (await open?.getStats())?.values() ?? []) report.set(entry.id, entry);
    const transport = [...report.values()].find(({ type }) => type === 'transport');
    const pair = report.get(String(transport?.selectedCandidatePairId));
    const local = report.get(String(pair?.localCandidateId));
    if (!local) throw new Error('no connection is up');
    return {
      local: String(local.candidateType),
      protocol: String(local.protocol),
      relayProtocol: local.relayProtocol as string | undefined,
    };
  });
}
