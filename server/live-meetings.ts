import type { BookmarksService } from '#domains/bookmarks/bookmarks.service.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import type { ClipsService } from '#domains/clips/clips.service.ts';
import { createDigests } from '#domains/listening/digests.service.ts';
import type { HearingsService } from '#domains/listening/hearings.service.ts';
import type { HearingsStore } from '#domains/listening/hearings.store.ts';
import { createMailsService } from '#domains/mails/mails.service.ts';
import { createMailsStore } from '#domains/mails/mails.store.ts';
import { createActionsService } from '#domains/meetings/actions.service.ts';
import { createActionsStore } from '#domains/meetings/actions.store.ts';
import { createAgendaAudio } from '#domains/meetings/agenda-audio.service.ts';
import { createDecisions } from '#domains/meetings/decisions.service.ts';
import { createInvitationsService } from '#domains/meetings/invitations.service.ts';
import { meetingsRoutes } from '#domains/meetings/meetings.routes.ts';
import { createMeetingsService, runs } from '#domains/meetings/meetings.service.ts';
import { createMeetingsStore } from '#domains/meetings/meetings.store.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import { sessionReportsRoutes } from '#domains/session-reports/session-reports.routes.ts';
import { createSessionReportsService } from '#domains/session-reports/session-reports.service.ts';
import { createMailer } from '#kernel/mail.ts';
import type { Metrics } from '#kernel/metrics.ts';
import { repeat } from '#kernel/repeat.ts';
import type { ObjectStore } from '#kernel/s3.ts';
import type { LiveNeeds } from './live.ts';

/** How often mails that are due are sent, and meetings whose invitations got lost are looked for. Milliseconds. */
const deliverEveryMs = 1_000;
const sweepEveryMs = 15_000;
/** How often it is looked whether a day is over that agents are to be told of. Milliseconds. */
const digestEveryMs = 60_000;

interface MeetingsNeeds
  extends Pick<LiveNeeds, 'config' | 'log' | 'lifecycle' | 'clock' | 'mongo' | 'identity' | 'businesses'> {
  readonly calls: CallsService;
  readonly hearings: HearingsService;
  readonly hearingsStore: HearingsStore;
  readonly recordings: RecordingsService;
  readonly bookmarks: BookmarksService;
  readonly clips: ClipsService;
  readonly objects: ObjectStore;
}

/** What comes after listening: meetings about moments, what they decide, and what came of it all. */
export async function startMeetings(needs: MeetingsNeeds) {
  const { config, log, lifecycle, clock, mongo, identity, businesses } = needs;
  const { calls, hearings, recordings, bookmarks, clips } = needs;
  const company = () => businesses.company();
  const person = (personId: string) => identity.person(personId);

  const mailsStore = createMailsStore(mongo);
  const meetingsStore = createMeetingsStore(mongo);
  const actionsStore = createActionsStore(mongo);
  await Promise.all([mailsStore.ready(), meetingsStore.ready(), actionsStore.ready()]);

  const mailer = config.SMTP_URL === undefined ? null : createMailer(config.SMTP_URL);
  lifecycle.onStop('closeStores', 'mail', async () => mailer?.close());
  const mailbox = (personId: string) => identity.mailbox(personId);
  const mails = createMailsService({
    ...{ store: mailsStore, mailer, recipient: mailbox, clock, log },
    from: config.MAIL_FROM,
    sender: 'Cloud Listening',
    firstRestMs: config.MAIL_RETRY_MS,
  });
  repeat('delivery of mails', deliverEveryMs, () => mails.deliver(), { lifecycle, log });

  const digests = createDigests({
    ...{ store: needs.hearingsStore, mails, clock },
    lines: async () => (await company()).lines,
  });
  repeat('digests for agents', digestEveryMs, () => digests.tend(), { lifecycle, log });

  const actions = createActionsService({
    ...{ store: actionsStore, person, clock, log },
    runs: async (who, meetingId) => {
      const meeting = await meetingsStore.byId(meetingId);
      return meeting !== null && runs(who, meeting);
    },
  });
  const invitations = createInvitationsService({
    ...{ store: meetingsStore, mails, mailbox, person, clock },
    from: config.MAIL_FROM,
    publicUrl: config.PUBLIC_URL,
  });
  const meetings = createMeetingsService({
    ...{ store: meetingsStore, actions, invitations, mails, company, people: identity, clock, log },
    moments: {
      ...{ bookmarks, clips, recordings },
      scenarioName: async (scenarioId) =>
        (await company()).scenarios.find(({ id }) => id === scenarioId)?.name ?? null,
    },
  });
  repeat('sweep of meetings', sweepEveryMs, () => meetings.sweep(), { lifecycle, log });
  const agenda = createAgendaAudio({ recordings, clips, hearings, storage: needs.objects, clock });
  const decisions = createDecisions({ store: meetingsStore, actions, recordings });
  const reports = createSessionReportsService({
    ...{ hearings, calls, recordings, company },
    momentsOf: (personId, from, to) => bookmarks.madeBy(personId, from, to),
    actionsOf: (personIds, from, to) => actions.givenTo(personIds, from, to),
    persons: (ids) => identity.persons(ids),
  });

  return {
    mails,
    meetings,
    registerMetrics(metrics: Metrics): void {
      metrics.gauge(
        'mails',
        'Mails in the outbox, by how they fare; failed ones are an alarm',
        ['state'],
        async () => (await mails.counts()).map(({ state, count }) => ({ labels: { state }, value: count })),
      );
    },
    routes: [
      ...meetingsRoutes(meetings, actions, invitations, agenda, decisions),
      ...sessionReportsRoutes(reports),
    ],
    /** What goes with a deleted recording. */
    dependents: [
      {
        name: 'meetings',
        erase: ({ recordingId }: { recordingId: string }) => meetings.eraseRecording(recordingId),
      },
    ],
  };
}
