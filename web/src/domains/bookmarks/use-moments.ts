import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useMemo, useSyncExternalStore } from 'react';
import { type Bookmark, bookmarkEvents, bookmarksEndpoints } from '#contract/bookmarks.ts';
import type { ResponseOf } from '#contract/endpoint.ts';
import { call, newIdempotencyKey } from '#web/app/api.ts';
import type { ApiError } from '#web/app/api-error.ts';
import { useSocketEvent } from '#web/app/realtime-context.tsx';
import { useMay, usePerson } from '#web/app/session.tsx';
import { keepVisibility, keptVisibility, type MarkWords } from './kept-marks.ts';
import { type Moment, momentsOf } from './moments.ts';
import { outboxOf } from './outboxes.ts';

/** Where moments are marked: a call that is heard in a slot's room, or a recording. */
export type MarkedPlace =
  | { readonly kind: 'call'; readonly callId: string; readonly slotId: string; readonly lineId: string }
  | {
      readonly kind: 'recording';
      readonly recordingId: string;
      readonly callId: string;
      readonly lineId: string;
    };

type Listed = ResponseOf<typeof bookmarksEndpoints.list>;

export interface Moments {
  readonly list: readonly Moment[];
  /** False for those who only look, and while nothing is heard. */
  readonly mayMark: boolean;
  /** Marks what is heard now; its note opens. */
  mark(): void;
  /** The moment whose note is open, the last that was opened. */
  readonly open: Moment | null;
  edit(moment: Moment): void;
  type(moment: Moment, text: string): void;
  change(moment: Moment, change: Partial<MarkWords>): void;
  close(moment: Moment, how: 'save' | 'drop'): void;
  remove(moment: Moment): void;
}

/**
 * The moments of a call or recording, live: one's own from the key press on, others' as soon as they are told. `heard`:
 * the offset that is heard now, ms; null while nothing is.
 */
export function useMoments(place: MarkedPlace | null, heard: () => number | null): Moments {
  const person = usePerson();
  const may = useMay();
  const client = useQueryClient();
  const outbox = outboxOf(person.id);
  const kept = useSyncExternalStore(outbox.subscribe, outbox.snapshot);
  const query =
    place === null
      ? {}
      : place.kind === 'call'
        ? { callId: place.callId }
        : { recordingId: place.recordingId };
  const key = [bookmarksEndpoints.list.id, query];
  const allowed = place !== null && may('bookmarks.make', { lineId: place.lineId });
  const { data } = useQuery<Listed, ApiError>({
    queryKey: key,
    queryFn: ({ signal }) => call(bookmarksEndpoints.list, { query }, { signal }),
    enabled: allowed,
  });

  const update = useEffectEvent((change: (known: readonly Bookmark[]) => Bookmark[]) => {
    client.setQueryData<Listed>(key, (known) => ({ bookmarks: change(known?.bookmarks ?? []) }));
  });
  const put = (bookmark: Bookmark) => {
    if (bookmark.callId !== place?.callId) return;
    update((known) => {
      const before = known.find(({ id }) => id === bookmark.id);
      if (before && before.revision > bookmark.revision) return [...known];
      return [...known.filter(({ id }) => id !== bookmark.id), bookmark];
    });
  };
  const drop = (gone: string) => update((known) => known.filter(({ id }) => id !== gone));
  useSocketEvent(bookmarkEvents.changed, ({ bookmark }) => put(bookmark));
  useSocketEvent(bookmarkEvents.removed, ({ id }) => drop(id));
  const sent = useEffectEvent(put);
  const gone = useEffectEvent(drop);
  useEffect(
    () => outbox.onSent((told) => ('bookmark' in told ? sent(told.bookmark) : gone(told.removed))),
    [outbox],
  );

  const callId = place?.callId ?? null;
  const list = useMemo(
    () => (callId === null ? [] : momentsOf(data?.bookmarks ?? [], kept, { callId, personId: person.id })),
    [data, kept, callId, person.id],
  );
  const opened = kept.findLast((one) => one.callId === callId && one.draft !== null);

  return {
    list,
    mayMark: allowed,
    open: list.find((one) => one.key === opened?.key) ?? null,
    mark() {
      const offsetMs = heard();
      if (!place || !allowed || offsetMs === null) return;
      const remembered = keptVisibility();
      const inRoom = place.kind === 'call';
      // A note that is open belongs to the mark before.
      if (opened) outbox.close(opened.key, 'save');
      outbox.mark(
        {
          ...(inRoom ? { callId: place.callId, slotId: place.slotId } : { recordingId: place.recordingId }),
          offsetMs: Math.max(0, Math.round(offsetMs)),
          note: '',
          visibility: remembered === 'room' && !inRoom ? 'private' : remembered,
          remedy: null,
          idempotencyKey: newIdempotencyKey(),
        },
        place.callId,
      );
    },
    edit(moment) {
      if (opened && opened.key !== moment.key) outbox.close(opened.key, 'save');
      if (moment.bookmark) outbox.open(moment.bookmark);
      else outbox.type(moment.key, moment.note);
    },
    type: (moment, text) => outbox.type(moment.key, text),
    change(moment, change) {
      if (change.visibility) keepVisibility(change.visibility);
      outbox.change(moment.key, change);
    },
    close: (moment, how) => outbox.close(moment.key, how),
    remove: (moment) =>
      outbox.remove(
        moment.state === 'saved' && moment.bookmark ? { bookmark: moment.bookmark } : { key: moment.key },
      ),
  };
}
