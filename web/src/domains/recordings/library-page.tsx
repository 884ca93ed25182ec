import { AudioOutlined, FilterOutlined, SearchOutlined } from '@ant-design/icons';
import { Button, Drawer, Input, type InputRef } from 'antd';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { serverNow } from '../../app/server-clock.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { PageKeys } from '../../ui/keys.tsx';
import { Page } from '../../ui/page.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { useIsPhone } from '../../ui/use-media-query.ts';
import { useMomentCounts } from '../clips/use-moment-counts.ts';
import { Facets } from './facets.tsx';
import { facetNames, filterFrom } from './library-filter.ts';
import styles from './library-page.module.css';
import { RecordingRow } from './recording-row.tsx';
import { useRecordings } from './use-recordings.ts';

/** Where have we heard this before? Search and facets live in the address, so that a finding can be shared. */
export function LibraryPage() {
  const { t } = useTranslation('recordings');
  const app = useTranslation('app');
  const phone = useIsPhone();
  const [search, setSearch] = useSearchParams();
  const query = useRecordings(filterFrom(search));
  const searchBox = useRef<InputRef>(null);
  const [filtering, setFiltering] = useState(false);
  const chosen = facetNames.filter((name) => search.has(name)).length;
  const change = (name: string, value: string | null) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  const clear = () => setSearch({}, { replace: true });
  const total = query.data?.pages[0]?.total ?? 0;
  const facets = (
    <Facets search={search} agents={query.data?.pages[0]?.agents ?? []} onChange={change} onClear={clear} />
  );
  return (
    <Page
      title={t('title')}
      wide
      lead={t('lead')}
      actions={
        <PageKeys
          keys={[
            { keys: ['/'], caps: ['/'], does: app.t('keys.search'), run: () => searchBox.current?.focus() },
          ]}
        />
      }
    >
      <div className={styles.layout}>
        {!phone && <aside className={styles.aside}>{facets}</aside>}
        <div className={styles.main}>
          <div className={styles.bar}>
            <SearchBox box={searchBox} value={search.get('q') ?? ''} onSearch={(q) => change('q', q)} />
            {phone && (
              <Button size="large" icon={<FilterOutlined aria-hidden />} onClick={() => setFiltering(true)}>
                {chosen > 0 ? t('facet.openCount', { count: chosen }) : t('facet.open')}
              </Button>
            )}
          </div>
          <Results query={query} filtered={chosen > 0 || search.has('q')} onClear={clear} />
        </div>
      </div>
      {phone && (
        <Drawer
          open={filtering}
          onClose={() => setFiltering(false)}
          placement="bottom"
          size="auto"
          title={t('facet.heading')}
          footer={
            <Button type="primary" size="large" block onClick={() => setFiltering(false)}>
              {t('facet.show', { count: total })}
            </Button>
          }
        >
          {facets}
        </Drawer>
      )}
    </Page>
  );
}

/** Typing searches by itself after a short rest. */
const restMs = 250;

function SearchBox({
  box,
  value,
  onSearch,
}: {
  box: React.RefObject<InputRef | null>;
  value: string;
  onSearch: (words: string) => void;
}) {
  const { t } = useTranslation('recordings');
  const [words, setWords] = useState(value);
  const search = useEffectEvent(onSearch);
  useEffect(() => {
    if (words.trim() === value) return;
    const timer = setTimeout(() => search(words.trim()), restMs);
    return () => clearTimeout(timer);
  }, [words, value]);
  return (
    <Input
      ref={box}
      type="search"
      size="large"
      maxLength={100}
      prefix={<SearchOutlined aria-hidden />}
      aria-label={t('search.label')}
      placeholder={t('search.placeholder')}
      value={words}
      onChange={(event) => setWords(event.target.value)}
      onPressEnter={() => onSearch(words.trim())}
    />
  );
}

function Results({
  query,
  filtered,
  onClear,
}: {
  query: ReturnType<typeof useRecordings>;
  filtered: boolean;
  onClear: () => void;
}) {
  const { t } = useTranslation('recordings');
  const format = useFormat();
  const shown = query.data?.pages.flatMap((page) => page.recordings.map(({ id }) => id)) ?? [];
  const counts = useMomentCounts(shown);
  if (query.error && !query.data) {
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (!query.data) return <LoadingRows rows={8} height={56} />;
  const found = query.data.pages.flatMap((page) => page.recordings);
  // Calls that still go on are heard in the live room; they come here when there is something to replay.
  const recordings = found.filter(({ state }) => state !== 'capturing');
  const total = (query.data.pages[0]?.total ?? found.length) - (found.length - recordings.length);
  if (recordings.length === 0) {
    return filtered ? (
      <EmptyState
        icon={<SearchOutlined aria-hidden />}
        title={t('list.noMatch')}
        action={<Button onClick={onClear}>{t('facet.clear')}</Button>}
      >
        {t('list.noMatchBody')}
      </EmptyState>
    ) : (
      <EmptyState icon={<AudioOutlined aria-hidden />} title={t('list.empty')}>
        {t('list.emptyBody')}
      </EmptyState>
    );
  }
  return (
    <>
      <p className={styles.count} role="status">
        {t('list.count', { count: total })}
        <span className={styles.zone}>{t('list.zone', { zone: format.zoneName(serverNow()) })}</span>
      </p>
      <ul className={styles.list} aria-label={t('list.label')} aria-busy={query.isPlaceholderData}>
        {recordings.map((recording) => (
          <RecordingRow key={recording.id} recording={recording} counts={counts.get(recording.id)} />
        ))}
      </ul>
      {query.hasNextPage ? (
        <More loading={query.isFetchingNextPage} onMore={() => void query.fetchNextPage()} />
      ) : (
        recordings.length > 10 && <p className={styles.end}>{t('list.end')}</p>
      )}
    </>
  );
}

/** Fetches the next page when its button comes near; the button is there for keyboards and for slow lines. */
function More({ loading, onMore }: { loading: boolean; onMore: () => void }) {
  const { t } = useTranslation('recordings');
  const foot = useRef<HTMLDivElement>(null);
  const more = useEffectEvent(() => {
    if (!loading) onMore();
  });
  useEffect(() => {
    if (!foot.current) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) more();
      },
      { rootMargin: '400px' },
    );
    observer.observe(foot.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={foot} className={styles.more}>
      <Button loading={loading} onClick={onMore}>
        {t('list.more')}
      </Button>
    </div>
  );
}
