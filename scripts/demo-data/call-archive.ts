import { rm } from 'node:fs/promises';
import type { CallsStore } from '#domains/calls/calls.store.ts';
import { maskNumber, type StoredCall } from '#domains/calls/calls.ts';
import type { HearingsStore } from '#domains/listening/hearings.store.ts';
import type { RecordingsStore } from '#domains/recordings/recordings.store.ts';
import { coverageOf, searchTextOf } from '#domains/recordings/recordings.ts';
import type { Log } from '#kernel/log.ts';
import { duplicateKeyFields } from '#kernel/mongo.ts';
import { createObjectStore, type ObjectStore, type ObjectStoreConfig } from '#kernel/s3.ts';
import type { SigningKey } from '#kernel/signed-json.ts';
import { conversationOf } from '#scripts/speech/conversations.ts';
import { renderConversation } from '#scripts/speech/render.ts';
import { archiveCall } from '#worker/archive/archive.ts';
import { openSigningKey } from '#worker/archive/signing-key.ts';
import { sealCall } from '#worker/seal/seal.ts';
import { callFolder } from '#worker/spool/spool-layout.ts';
import { company } from './company.ts';
import { callIdOf, demoId } from './demo-ids.ts';
import type { PastCall } from './past-calls.ts';
import { insertMoments, type MomentStores } from './past-moments.ts';
import { people } from './people.ts';
import { demoInstance, spoolCall } from './spool-call.ts';

export interface ArchiveParts {
  readonly calls: CallsStore;
  readonly recordings: RecordingsStore;
  readonly hearings: HearingsStore;
  readonly moments: MomentStores;
  readonly storage: ObjectStoreConfig;
  /** ARCHIVE_SIGNING_KEY; without it one is made in `spoolDir`. */
  readonly signingKey: string | undefined;
  /** A folder for the spools of these calls alone. */
  readonly spoolDir: string;
  readonly log: Log;
  /** Aborted when the work is to stop: what is not whole by then is made again by the next run. */
  readonly signal: AbortSignal;
}

/** One call is rendered while another is encoded by ffmpeg. */
const atATime = 2;
/** How long after a call's end it was archived, ms. */
const archivedAfterMs = 3_000;
/** Between the telephony side's word and the first packet, ms. */
const ringingMs = 600;
const frameMs = 20;

/**
 * Makes recordings of past calls in the product's own way: speech to RTP, RTP to a recorder's spool, sealed and archived
 * as the recordings worker does it, and what the server keeps of call, recording and hearings. In the given order;
 * `onDone` is told how many are made. Throws what the first fault was, or the signal's reason.
 */
export async function archiveCalls(
  past: readonly PastCall[],
  parts: ArchiveParts,
  onDone: (done: number) => void,
): Promise<void> {
  const store = createObjectStore(parts.storage);
  const { signingKey: configured, spoolDir: folder } = parts;
  const key = await openSigningKey({ configured, folder });
  const waiting = past.values();
  let done = 0;
  const work = async () => {
    for (const call of waiting) {
      parts.signal.throwIfAborted();
      await archiveOne(call, parts, store, key);
      onDone(++done);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atATime }, work));
  store.close();
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function archiveOne(
  past: PastCall,
  parts: ArchiveParts,
  store: ObjectStore,
  key: SigningKey,
): Promise<void> {
  const { lineId, scenarioId, variant, language, seconds, codec, startedAt, endedAt } = past;
  const { spoolDir, log, signal } = parts;
  const callId = callIdOf(past);
  const recordingId = demoId('rec', startedAt, past.externalId);
  const legIds = {
    agent: demoId('leg', startedAt, `${past.externalId} agent`),
    customer: demoId('leg', startedAt, `${past.externalId} customer`),
  };
  const conversation = conversationOf(scenarioId, { lineId, variant });
  const rendered = await renderConversation({ conversation, language, seconds });
  const captureId = demoId('cap', startedAt, past.externalId);
  await spoolCall(spoolDir, { callId, recordingId, captureId, legIds, codec, startedAt }, rendered);
  const job = { callId, recordingId };
  const facts = await sealCall(job, { spoolDir, signal, log });
  const { files } = await archiveCall(job, { spoolDir, store, key, signal, log });
  await rm(callFolder(spoolDir, callId), { recursive: true, force: true });

  const call = callOf(past, callId, legIds);
  const { agentId, agentName, customerMasked, facts: about } = call;
  const packets = facts.legs.reduce((sum, leg) => sum + leg.packets, 0);
  const scenario = company.scenarios.find((one) => one.id === scenarioId)?.name ?? null;
  await parts.recordings.insert({
    id: recordingId,
    callId,
    lineId,
    agentId,
    agentName,
    customerMasked,
    facts: about,
    state: 'archived',
    stateAt: endedAt + archivedAfterMs,
    attempts: 1,
    startedAt: facts.startedAt,
    callEndedAt: endedAt,
    durationMs: facts.durationMs,
    thumbnail: facts.thumbnail,
    gaps: facts.gaps,
    coverage: coverageOf(packets, 0, facts.coverage),
    loudness: facts.loudness,
    packetsDropped: 0,
    packets,
    files,
    failure: null,
    searchText: searchTextOf(call, scenario),
  });
  await insertHearings(past, { callId, recordingId }, parts.hearings);
  await insertMoments(past, { id: recordingId, startedAt: facts.startedAt }, parts.moments);
  // Last, as it says that all of it is there: a run that was broken off before makes the call again, under the same ids.
  await parts.calls.insert(call);
}

function callOf(past: PastCall, callId: string, legIds: { agent: string; customer: string }): StoredCall {
  const { externalId, lineId, agentId, startedAt, endedAt, codec, product } = past;
  return {
    id: callId,
    externalId,
    lineId,
    state: 'ended',
    origin: 'rtp',
    agentId,
    agentName: people.find(({ id }) => id === agentId)?.name ?? null,
    customerMasked: maskNumber(past.customerNumber),
    facts: {
      orderId: past.orderId,
      scenarioId: past.scenarioId,
      ...(product ? { sku: product.sku, product: product.name } : {}),
    },
    legs: (['agent', 'customer'] as const).map((role) => ({
      id: legIds[role],
      role,
      codec,
      state: 'ended' as const,
      // The ports were given to other calls long ago.
      rtp: null,
    })),
    instanceId: demoInstance,
    customerTokenHash: null,
    customerTokenExpiresAt: null,
    openedAt: startedAt - ringingMs,
    startedAt,
    endedAt,
    endReason: 'telephony',
  };
}

async function insertHearings(
  past: PastCall,
  ids: { callId: string; recordingId: string },
  hearings: HearingsStore,
): Promise<void> {
  for (const [index, { personId, live, slotId, startedAt, endedAt }] of past.heard.entries()) {
    const person = people.find(({ id }) => id === personId);
    if (!person) continue;
    try {
      await hearings.insert({
        id: demoId('hear', startedAt, `${past.externalId} ${index}`),
        personId,
        personName: person.name,
        personTitle: person.title,
        callId: ids.callId,
        recordingId: live ? null : ids.recordingId,
        agentId: past.agentId,
        lineId: past.lineId,
        slotId,
        live,
        way: live ? 'live' : 'replay',
        wayId: null,
        reason: null,
        startedAt,
        endedAt,
        // Both legs.
        packets: live ? 2 * Math.floor((endedAt - startedAt) / frameMs) : 0,
        lastPacketAt: live ? endedAt : null,
        heard: live ? [{ from: startedAt, to: endedAt }] : [],
        instanceId: demoInstance,
      });
    } catch (error) {
      if (!duplicateKeyFields(error)) throw error;
    }
  }
}
