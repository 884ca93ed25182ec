import { bookmarksEndpoints } from '#contract/bookmarks.ts';
import { type Route, route } from '#http/route.ts';
import type { BookmarksService } from './bookmarks.service.ts';

export function bookmarksRoutes(bookmarks: BookmarksService): Route[] {
  return [
    route(bookmarksEndpoints.mark, ({ person, body }) => bookmarks.mark(person(), body)),
    route(bookmarksEndpoints.list, ({ person, query: { mine, ...query } }) =>
      bookmarks.list(person(), { ...query, mine: mine === 'true' }),
    ),
    route(bookmarksEndpoints.edit, ({ person, params, body }) => bookmarks.edit(person(), params.id, body)),
    route(bookmarksEndpoints.remove, async ({ person, params, query }) => {
      await bookmarks.remove(person(), params.id, query.revision);
      return {};
    }),
  ];
}
