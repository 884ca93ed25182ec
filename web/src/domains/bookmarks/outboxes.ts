import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { bookmarksEndpoints } from '#contract/bookmarks.ts';
import { call } from '#web/app/api.ts';
import { ApiError } from '#web/app/api-error.ts';
import { useConnection } from '#web/app/realtime-context.tsx';
import { usePerson } from '#web/app/session.tsx';
import { MarkStorage } from './kept-marks.ts';
import { type MarkDoor, MarkOutbox } from './mark-outbox.ts';

/** Whose session this page holds: nobody's marks leave under another's name. */
let signedIn: string | null = null;

function doorOf(personId: string): MarkDoor {
  const assertSignedIn = () => {
    if (signedIn !== personId) throw new ApiError('session.required', 'somebody else is signed in');
  };
  return {
    async mark(request) {
      assertSignedIn();
      return call(bookmarksEndpoints.mark, { body: request });
    },
    async edit(id, change) {
      assertSignedIn();
      return call(bookmarksEndpoints.edit, { params: { id }, body: change });
    },
    async remove(id, revision) {
      assertSignedIn();
      await call(bookmarksEndpoints.remove, { params: { id }, query: { revision } });
    },
  };
}

/** One for each person who was signed in since the page was loaded. */
const outboxes = new Map<string, MarkOutbox>();

function storageHere(): Storage | null {
  try {
    return localStorage;
  } catch {
    // Closed to us (private windows).
    return null;
  }
}

export function outboxOf(personId: string): MarkOutbox {
  let outbox = outboxes.get(personId);
  if (!outbox) {
    outbox = new MarkOutbox(new MarkStorage(storageHere(), personId), doorOf(personId));
    outboxes.set(personId, outbox);
  }
  return outbox;
}

/** Sends what earlier visits left, on whatever page one is; at once when the line to the server is back. */
export function KeptMarks() {
  const { id } = usePerson();
  const connection = useConnection();
  const queries = useQueryClient();
  const lost = useRef(false);
  useEffect(() => {
    signedIn = id;
    return () => {
      signedIn = null;
    };
  }, [id]);
  useEffect(() => {
    if (connection === 'reconnecting') lost.current = true;
    if (connection !== 'connected') return;
    void outboxOf(id).flush();
    // What others marked meanwhile was not told here.
    if (lost.current) void queries.invalidateQueries({ queryKey: [bookmarksEndpoints.list.id] });
    lost.current = false;
  }, [id, connection, queries]);
  return null;
}
