import { randomUUID } from 'node:crypto';
import { type Bookmark, bookmarksEndpoints, type MarkRequest } from '#contract/bookmarks.ts';
import { type Clip, type CutRequest, clipsEndpoints } from '#contract/clips.ts';
import type { BodyOf, QueryOf, ResponseOf } from '#contract/endpoint.ts';
import type { PersonClient } from './person-client.ts';

type Mark = Partial<MarkRequest> & Pick<MarkRequest, 'offsetMs'>;
type Cut = Partial<CutRequest> & Pick<CutRequest, 'fromMs' | 'toMs'>;

/** `marks(manager).mark({ callId, offsetMs })`, `marks(manager).cut({ callId, fromMs, toMs })`. */
export function marks({ api }: PersonClient) {
  return {
    mark: (mark: Mark): Promise<Bookmark> =>
      api.call(bookmarksEndpoints.mark, {
        body: { note: '', visibility: 'private', remedy: null, idempotencyKey: randomUUID(), ...mark },
      }),
    list: async (query: Partial<QueryOf<typeof bookmarksEndpoints.list>>): Promise<Bookmark[]> =>
      (await api.call(bookmarksEndpoints.list, { query })).bookmarks,
    edit: (id: string, body: BodyOf<typeof bookmarksEndpoints.edit>): Promise<Bookmark> =>
      api.call(bookmarksEndpoints.edit, { params: { id }, body }),
    remove: (id: string, revision: number) =>
      api.call(bookmarksEndpoints.remove, { params: { id }, query: { revision } }),

    cut: (cut: Cut): Promise<Clip> =>
      api.call(clipsEndpoints.cut, { body: { title: '', idempotencyKey: randomUUID(), ...cut } }),
    clips: async (query: Partial<QueryOf<typeof clipsEndpoints.list>>): Promise<Clip[]> =>
      (await api.call(clipsEndpoints.list, { query })).clips,
    clip: (id: string): Promise<Clip> => api.call(clipsEndpoints.show, { params: { id } }),
    play: (id: string): Promise<ResponseOf<typeof clipsEndpoints.audio>> =>
      api.call(clipsEndpoints.audio, { params: { id } }),
    retry: (id: string): Promise<Clip> => api.call(clipsEndpoints.retry, { params: { id } }),
    withdraw: (id: string, reason = 'It is not needed any more.'): Promise<Clip> =>
      api.call(clipsEndpoints.withdraw, { params: { id }, body: { reason } }),
    counts: async (...recordingIds: string[]) =>
      (await api.call(clipsEndpoints.counts, { query: { recordingIds: recordingIds.join(',') } })).counts,
  };
}
