import { analysisEndpoints } from './analysis.ts';
import { bookmarksEndpoints } from './bookmarks.ts';
import { businessesEndpoints } from './businesses.ts';
import { callsEndpoints, telephonyEndpoints } from './calls.ts';
import { clipsEndpoints } from './clips.ts';
import { decisionsEndpoints } from './decisions.ts';
import { hearingsEndpoints } from './hearings.ts';
import { identityEndpoints } from './identity.ts';
import { meetingsEndpoints } from './meetings.ts';
import { operationsEndpoints } from './operations.ts';
import { recordingsEndpoints } from './recordings.ts';
import { retentionEndpoints } from './retention.ts';
import { roomsEndpoints } from './rooms.ts';
import { seatsEndpoints } from './seats.ts';
import { sessionReportsEndpoints } from './session-reports.ts';
import { softphoneEndpoints } from './softphone.ts';
import { tagsEndpoints } from './tags.ts';
import { transcriptsEndpoints } from './transcripts.ts';

/** Every HTTP endpoint of the product, by domain. Doors mount from here; a door without an entry does not exist. */
export const api = {
  identity: identityEndpoints,
  businesses: businessesEndpoints,
  telephony: telephonyEndpoints,
  calls: callsEndpoints,
  softphone: softphoneEndpoints,
  seats: seatsEndpoints,
  rooms: roomsEndpoints,
  hearings: hearingsEndpoints,
  recordings: recordingsEndpoints,
  analysis: analysisEndpoints,
  transcripts: transcriptsEndpoints,
  tags: tagsEndpoints,
  bookmarks: bookmarksEndpoints,
  clips: clipsEndpoints,
  meetings: meetingsEndpoints,
  decisions: decisionsEndpoints,
  sessionReports: sessionReportsEndpoints,
  retention: retentionEndpoints,
  operations: operationsEndpoints,
} as const;
