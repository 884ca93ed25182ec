import type { StoredRecording } from '#domains/recordings/recordings.ts';

/** An archived recording of the supermarket line with three files, as the database has it; nothing is in the bucket. */
export function storedRecording(id: string, extra: Partial<StoredRecording> = {}): StoredRecording {
  const startedAt = extra.startedAt ?? Date.now();
  const folder = `recordings/${new Date(startedAt).toISOString().slice(0, 10).replaceAll('-', '/')}/${id}`;
  const sha256 = 'a'.repeat(64);
  return {
    id,
    callId: `call_of_${id}`,
    lineId: 'supermarket',
    agentId: 'agent-1',
    agentName: { en: 'Agent', zh: '客服' },
    customerMasked: '*********34',
    facts: { orderId: `SO-${id}` },
    state: 'archived',
    stateAt: startedAt,
    attempts: 1,
    startedAt,
    callEndedAt: startedAt + 60_000,
    durationMs: 60_000,
    thumbnail: { agent: [1], customer: [2] },
    gaps: [],
    coverage: 1,
    packetsDropped: 0,
    packets: 6_000,
    files: [
      { kind: 'audio', key: `${folder}/audio.webm`, contentType: 'audio/webm', bytes: 300, sha256 },
      { kind: 'peaks', key: `${folder}/peaks.json`, contentType: 'application/json', bytes: 20, sha256 },
      {
        kind: 'manifest',
        key: `${folder}/manifest.json`,
        contentType: 'application/json',
        bytes: 50,
        sha256,
      },
    ],
    failure: null,
    searchText: `agent so-${id}`,
    ...extra,
  };
}
