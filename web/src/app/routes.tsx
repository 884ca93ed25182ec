import type { ComponentType } from 'react';
import { createBrowserRouter, type RouteObject } from 'react-router';
import type { Action } from '#contract/abilities.ts';
import { CrashedPage, NotFoundPage } from './fallback-pages.tsx';
import { Allowed, SignedIn } from './guard.tsx';
import { Shell } from './shell/shell.tsx';

/** A page that is fetched when somebody first goes there; with `needs`, only for those who may. */
function page(path: string, load: () => Promise<ComponentType>, needs?: Action): RouteObject {
  return {
    path,
    // The navigation stays usable when a page breaks.
    ErrorBoundary: CrashedPage,
    lazy: async () => {
      const Loaded = await load();
      if (!needs) return { Component: Loaded };
      return {
        element: (
          <Allowed to={needs}>
            <Loaded />
          </Allowed>
        ),
      };
    },
  };
}

/** Pages with the navigation around them. */
const shellPages: RouteObject[] = [
  page('/', () => import('../domains/today/today-page.tsx').then((module) => module.TodayPage)),
  page(
    '/seats',
    () => import('../domains/seats/seats-page.tsx').then((module) => module.SeatsPage),
    'slots.read',
  ),
  page(
    '/library',
    () => import('../domains/recordings/library-page.tsx').then((module) => module.LibraryPage),
    'recordings.replay',
  ),
  page(
    '/recordings/:id',
    () => import('../domains/recordings/recording-page.tsx').then((module) => module.RecordingPage),
    'recordings.replay',
  ),
  page(
    '/slots/:slotId/room',
    () => import('../domains/rooms/room-record-page.tsx').then((module) => module.RoomRecordPage),
    'slots.read',
  ),
  page(
    '/meetings',
    () => import('../domains/meetings/meetings-page.tsx').then((module) => module.MeetingsPage),
    'meetings.convene',
  ),
  page(
    '/meetings/new',
    () => import('../domains/meetings/convene-page.tsx').then((module) => module.ConvenePage),
    'meetings.convene',
  ),
  page(
    '/meetings/:id',
    () => import('../domains/meetings/meeting-page.tsx').then((module) => module.MeetingPage),
    'recordings.replay',
  ),
  page(
    '/reports/listening',
    () => import('../domains/session-reports/report-page.tsx').then((module) => module.ReportPage),
    'reports.read',
  ),
  page(
    '/operations',
    () => import('../domains/operations/operations-page.tsx').then((module) => module.OperationsPage),
    'operations.read',
  ),
  page(
    '/retention',
    () => import('../domains/retention/retention-page.tsx').then((module) => module.RetentionPage),
    'retention.read',
  ),
  page(
    '/desk',
    () => import('../domains/softphone/agent-desk-page.tsx').then((module) => module.AgentDeskPage),
    'softphone.answer',
  ),
  page('/me', () => import('../domains/identity/me-page.tsx').then((module) => module.MePage)),
  { path: '*', Component: NotFoundPage },
];

/** Signed-in pages that fill the window: they bring their own way out. */
const fullPages: RouteObject[] = [
  page(
    '/room/:slotId',
    () => import('../domains/listening/live-room-page.tsx').then((module) => module.LiveRoomPage),
    'calls.listen',
  ),
];

/** Pages without a sign-in. */
const openPages: RouteObject[] = [
  page('/c/:token', () =>
    import('../domains/softphone/customer-page.tsx').then((module) => module.CustomerPage),
  ),
];

export function createAppRouter() {
  return createBrowserRouter([
    {
      ErrorBoundary: CrashedPage,
      hydrateFallbackElement: <></>,
      children: [
        ...openPages,
        {
          Component: SignedIn,
          children: [...fullPages, { Component: Shell, children: shellPages }],
        },
      ],
    },
  ]);
}
