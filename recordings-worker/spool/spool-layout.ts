import { join } from 'node:path';

/**
 * Where things lie below SPOOL_DIR:
 *   <callId>/<segment>.events.jsonl          what a capture saw, beside the packets
 *   <callId>/<segment>.<legId>.rtpdump       one leg's packets
 *   <callId>/sealed/                         audio.webm, peaks.json, manifest.json
 *   <callId>/sealing-…, replaced-…, fetching-…  unfinished or outdated, of no value
 *   .archived/<recordingId>.json             what was archived, kept for a week to answer a repeated job
 * A segment is what one capture wrote through one connection: the capture's id, with `.2`, `.3` … behind it when
 * a queue ran the same job again. Ids hold no dots (contract), so the names can be told apart.
 */
export const eventsSuffix = '.events.jsonl';
export const sealedFolder = 'sealed';
export const archivedFolder = '.archived';
export const sealedFiles = {
  audio: 'audio.webm',
  peaks: 'peaks.json',
  manifest: 'manifest.json',
} as const;

export const callFolder = (spoolDir: string, callId: string): string => join(spoolDir, callId);
export const sealedPath = (spoolDir: string, callId: string): string => join(spoolDir, callId, sealedFolder);
export const archivedNotePath = (spoolDir: string, recordingId: string): string =>
  join(spoolDir, archivedFolder, `${recordingId}.json`);

/** Names of leftovers that a crash may leave in a call's folder. */
export const isLeftover = (name: string): boolean =>
  name.startsWith('sealing-') || name.startsWith('replaced-') || name.startsWith('fetching-');
