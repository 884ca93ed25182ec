import { analysis } from './en/analysis.ts';
import { app } from './en/app.ts';
import { bookmarks } from './en/bookmarks.ts';
import { calls } from './en/calls.ts';
import { clips } from './en/clips.ts';
import { errors } from './en/errors.ts';
import { follow } from './en/follow.ts';
import { hearings } from './en/hearings.ts';
import { identity } from './en/identity.ts';
import { lines } from './en/lines.ts';
import { listening } from './en/listening.ts';
import { meetings } from './en/meetings.ts';
import { operations } from './en/operations.ts';
import { recordings } from './en/recordings.ts';
import { reports } from './en/reports.ts';
import { retention } from './en/retention.ts';
import { rooms } from './en/rooms.ts';
import { seats } from './en/seats.ts';
import { softphone } from './en/softphone.ts';
import { timeline } from './en/timeline.ts';
import { today } from './en/today.ts';

/** The English catalogue, one namespace per domain. The Chinese one stands beside it with the same keys. */
export const en = {
  analysis,
  app,
  bookmarks,
  calls,
  clips,
  errors,
  follow,
  hearings,
  identity,
  lines,
  listening,
  meetings,
  operations,
  recordings,
  reports,
  retention,
  rooms,
  seats,
  softphone,
  timeline,
  today,
} as const;
