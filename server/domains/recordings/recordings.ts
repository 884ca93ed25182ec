import type { CallFacts } from '#contract/calls.ts';
import type { ArchivedFile, ArchiveJob, RenderJob, SealJob } from '#contract/capture.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { Loudness, RecordingGap, RecordingState, RecordingSummary } from '#contract/recordings.ts';
import type { RecordingClass } from '#contract/retention.ts';
import type { TagDecisionState } from '#contract/tags.ts';

export interface RecordingDeletion {
  readonly requestedAt: number;
  readonly doneAt: number | null;
  /** `policy:<id>` or `person:<id>`. */
  readonly by: string;
  readonly reason: string;
  /** Looked at for holds once more; from then on there is no way back. */
  readonly committed: boolean;
  /** The signed proof in the bucket; null until it is written, or where nothing was ever archived. */
  readonly tombstone: { readonly key: string; readonly sha256: string } | null;
  readonly files: readonly { readonly key: string; readonly bytes: number; readonly sha256: string }[];
}

export interface StoredRecording {
  readonly id: string;
  readonly callId: string;
  readonly lineId: string;
  readonly agentId: string | null;
  readonly agentName: LocalText | null;
  readonly customerMasked: string;
  readonly facts: CallFacts;
  readonly state: RecordingState;
  /** When the state was reached: the sweep looks for states that stand still. */
  readonly stateAt: number;
  /** How often the stage that is due was queued. */
  readonly attempts: number;
  readonly startedAt: number;
  readonly callEndedAt: number | null;
  readonly durationMs: number | null;
  readonly thumbnail: { agent: number[]; customer: number[] } | null;
  readonly gaps: readonly RecordingGap[];
  readonly coverage: number | null;
  /** Missing or null in what was sealed before it was measured. */
  readonly loudness?: Loudness | null;
  /** Packets that the tap gave up because no recorder came in time. */
  readonly packetsDropped: number;
  readonly packets: number | null;
  /** The tap's last sequence of the call; null where its server died before it ended. */
  readonly items?: number | null;
  /** The spools that recorded parts of the call. */
  readonly holders?: readonly string[];
  /** The spool that the sealed files lie in until they are archived. */
  readonly sealedIn?: string | null;
  readonly files: readonly ArchivedFile[];
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** What it is kept for; `standard` unless told. */
  readonly recordingClass?: RecordingClass;
  /** Set when its deletion is decided: from then on nothing but the row and the tombstone is kept. */
  readonly deletion?: RecordingDeletion | null;
  /** Tags that a person confirmed; the library is filtered by them. */
  readonly tags?: readonly string[];
  /** What people decided on tags, by tag. */
  readonly tagDecisions?: Readonly<Record<string, TagDecision>>;
  /** Lower-case words that the search box looks in. */
  readonly searchText: string;
}

export type RecordingEvents = {
  /** It is captured, sealed, archived or failed now. */
  'recording-moved': { recording: StoredRecording };
  'recording-archived': { recording: StoredRecording };
  /** Something was made of it that lies beside it now. */
  'recording-files-added': { recordingId: string; kinds: readonly ArchivedFile['kind'][] };
  /** No worker records the call, for so long already. It goes on, and the tap keeps what it can. */
  'capture-untaken': { callId: string; recordingId: string; forMs: number };
};

export interface TagDecision {
  readonly state: TagDecisionState;
  readonly by: { readonly id: string; readonly name: LocalText };
  readonly at: number;
  /** Counts the decisions on this tag from 1. */
  readonly revision: number;
}

/** Signed addresses live this long: enough to play a long call through, short enough to be worthless when passed on. */
export const audioLifetimeSeconds = 15 * 60;

/** How long a stage may stand still before it is queued again. Milliseconds. */
export const stageTimeoutMs = { captured: 60_000, sealed: 120_000 } as const;

/** What a worker needs to seal the call. */
export const sealJobOf = ({ id, callId, holders, items }: StoredRecording): SealJob => ({
  recordingId: id,
  callId,
  holders: [...(holders ?? [])],
  items: items ?? null,
});

/** What a worker needs to make another rendering of it; null while there is no master in the archive. */
export function renderJobOf({ id, callId, state, durationMs, files }: StoredRecording): RenderJob | null {
  const audio = files.find(({ kind }) => kind === 'audio');
  if (state !== 'archived' || !audio || durationMs === null) return null;
  const { key, sha256 } = audio;
  return { recordingId: id, callId, durationMs, audio: { key, sha256 } };
}

/** What a worker needs to archive it, sealing it again where it must. */
export const archiveJobOf = (recording: StoredRecording): ArchiveJob => ({
  ...sealJobOf(recording),
  sealedIn: recording.sealedIn ?? null,
});

export function summarise(recording: StoredRecording): RecordingSummary {
  return {
    id: recording.id,
    callId: recording.callId,
    lineId: recording.lineId,
    agentId: recording.agentId,
    agentName: recording.agentName,
    customerMasked: recording.customerMasked,
    facts: recording.facts,
    state: recording.state,
    startedAt: recording.startedAt,
    durationMs: recording.durationMs,
    thumbnail: recording.thumbnail,
  };
}

/** What the search box finds a call by: agent, order, SKU, product, scenario. Never the customer's number. */
export function searchTextOf(
  call: { agentName: LocalText | null; facts: CallFacts },
  scenario: LocalText | null,
): string {
  const { agentName, facts } = call;
  return [
    agentName?.en,
    agentName?.zh,
    facts.orderId,
    facts.sku,
    facts.product?.en,
    facts.product?.zh,
    scenario?.en,
    scenario?.zh,
  ]
    .filter((word) => word !== undefined)
    .join(' ')
    .toLowerCase();
}

/**
 * What share of what the tap received is in the archive: 1 when nothing is missing. Tap and spool each count what is
 * missing, mostly the same packets: the worse figure holds, not their product.
 */
export function coverageOf(kept: number, dropped: number, sealed: number): number {
  const received = kept + dropped;
  return received === 0 ? sealed : Math.min(sealed, kept / received);
}

/** A page's end, opaque to clients: the next page begins after this recording. */
export function encodeCursor(last: { startedAt: number; id: string }): string {
  return Buffer.from(`${last.startedAt}.${last.id}`).toString('base64url');
}

export function decodeCursor(cursor: string): { startedAt: number; id: string } | null {
  const match = /^(\d{1,16})\.([A-Za-z0-9_-]{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString());
  return match ? { startedAt: Number(match[1]), id: match[2]! } : null;
}

export interface CaptureFigure {
  readonly callId: string;
  readonly recordingId: string;
  readonly state: 'waiting' | 'running' | 'lost';
  readonly bufferedMs: number;
  readonly packets: number;
  readonly copies: { readonly workerId: string | null }[];
}

/** A capture runs while its recorder is connected, waits until one is; it is lost when the tap had to drop packets. */
export function captureFigures(
  recordings: readonly StoredRecording[],
  tapped: readonly {
    callId: string;
    connected: boolean;
    bufferedMs: number;
    packets: number;
    dropped: number;
    copies?: readonly { workerId: string | null; expected: boolean }[];
  }[],
): CaptureFigure[] {
  const byCall = new Map(tapped.map((status) => [status.callId, status]));
  return recordings.flatMap((recording) => {
    const status = byCall.get(recording.callId);
    if (recording.state !== 'capturing' || !status) return [];
    const state = status.connected ? 'running' : status.dropped > 0 ? 'lost' : 'waiting';
    const { bufferedMs, packets } = status;
    const copies = (status.copies ?? []).flatMap(({ workerId, expected }) =>
      workerId !== null || expected ? [{ workerId }] : [],
    );
    return [{ callId: recording.callId, recordingId: recording.id, state, bufferedMs, packets, copies }];
  });
}
