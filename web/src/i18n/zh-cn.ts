import type { en } from './en.ts';
import type { SameKeys } from './strings.ts';
import { analysis } from './zh-cn/analysis.ts';
import { app } from './zh-cn/app.ts';
import { bookmarks } from './zh-cn/bookmarks.ts';
import { calls } from './zh-cn/calls.ts';
import { clips } from './zh-cn/clips.ts';
import { errors } from './zh-cn/errors.ts';
import { follow } from './zh-cn/follow.ts';
import { hearings } from './zh-cn/hearings.ts';
import { identity } from './zh-cn/identity.ts';
import { lines } from './zh-cn/lines.ts';
import { listening } from './zh-cn/listening.ts';
import { meetings } from './zh-cn/meetings.ts';
import { operations } from './zh-cn/operations.ts';
import { recordings } from './zh-cn/recordings.ts';
import { reports } from './zh-cn/reports.ts';
import { retention } from './zh-cn/retention.ts';
import { rooms } from './zh-cn/rooms.ts';
import { seats } from './zh-cn/seats.ts';
import { softphone } from './zh-cn/softphone.ts';
import { timeline } from './zh-cn/timeline.ts';
import { today } from './zh-cn/today.ts';

/** The Chinese catalogue. */
export const zhCn: SameKeys<typeof en> = {
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
};
