import { DownloadOutlined } from '@ant-design/icons';
import { Button, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { may } from '#contract/abilities.ts';
import { hearingsEndpoints } from '#contract/hearings.ts';
import type { SessionReport } from '#contract/session-reports.ts';
import { sessionReportsEndpoints } from '#contract/session-reports.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useNow } from '../../app/server-clock.ts';
import { useMay, usePerson } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { Page, Section } from '../../ui/page.tsx';
import { saveFile } from '../../ui/save-file.ts';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { ActionRow } from '../meetings/action-row.tsx';
import { minutes, toCsv } from './report-csv.ts';
import { ReportLines } from './report-lines.tsx';
import styles from './reports.module.css';

const periods = ['quarter', 'month', 'week', 'year'] as const;
type Period = (typeof periods)[number];
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const lengths = { month: 30 * dayMs, week: 7 * dayMs, year: 365 * dayMs };

/** The window of a period, in whole hours so that the question stays the same while the page is looked at. */
function useWindow(period: Period): { from: number; to: number } | null {
  const now = useNow(60_000);
  const listens = useMay()('reservations.make');
  const hours = useApiQuery(hearingsEndpoints.hours, {}, { enabled: period === 'quarter' && listens });
  const to = Math.ceil(now / hourMs) * hourMs;
  if (period !== 'quarter') return { from: to - lengths[period], to };
  if (!listens) return { from: to - 92 * dayMs, to };
  return hours.data ? { from: hours.data.from, to } : null;
}

/** What came of listening? Of mine, or of a team's; over a time, or of one session. */
export function ReportPage() {
  const { t } = useTranslation('reports');
  const [search, setSearch] = useSearchParams();
  const chosen = search.get('period') as Period | null;
  const period = chosen && periods.includes(chosen) ? chosen : 'quarter';
  const businessId = search.get('business') ?? undefined;
  const slotId = search.get('slot') ?? undefined;
  const window = useWindow(period);
  const query = useApiQuery(
    sessionReportsEndpoints.show,
    { query: { ...(window ?? { from: 0, to: 1 }), businessId, slotId } },
    { enabled: window !== null, keepPrevious: true },
  );
  const choose = (name: string, value: string | undefined) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });
  const report = query.data;
  return (
    <Page title={t('title')} lead={t('lead')} wide actions={report && <Download report={report} />}>
      <Choices report={report} period={period} slotId={slotId} businessId={businessId} onChoose={choose} />
      {query.error && !report ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : !report ? (
        <LoadingRows rows={4} height={96} />
      ) : (
        <Report report={report} />
      )}
    </Page>
  );
}

function Choices({
  report,
  period,
  businessId,
  slotId,
  onChoose,
}: {
  report: SessionReport | undefined;
  period: Period;
  businessId: string | undefined;
  slotId: string | undefined;
  onChoose: (name: string, value: string | undefined) => void;
}) {
  const { t } = useTranslation('reports');
  const local = useLocalText();
  const format = useFormat();
  const { lineName } = useLines();
  const teams = report?.teams ?? [];
  const slots = report?.slots ?? [];
  return (
    <div className={styles.choices}>
      <Select<Period>
        aria-label={t('period')}
        className={styles.choice ?? ''}
        value={period}
        onChange={(value) => onChoose('period', value)}
        options={periods.map((value) => ({ value, label: t(`periods.${value}`) }))}
      />
      {(teams.length > 0 || businessId) && (
        <Select<string>
          aria-label={t('team')}
          className={styles.choice ?? ''}
          value={businessId ?? ''}
          showSearch={{ optionFilterProp: 'label' }}
          onChange={(value) => onChoose('business', value)}
          options={[
            { value: '', label: t('mine') },
            ...teams.map(({ id, path }) => ({ value: id, label: t('teamOf', { path: local(path) }) })),
          ]}
        />
      )}
      {(slots.length > 0 || slotId) && (
        <Select<string>
          aria-label={t('slot')}
          className={styles.choice ?? ''}
          value={slotId ?? ''}
          onChange={(value) => onChoose('slot', value)}
          options={[
            { value: '', label: t('allSlots') },
            ...slots.map(({ id, lineId, startedAt }) => ({
              value: id,
              label: t('slotName', { line: lineName(lineId), when: format.dayAndTime(startedAt) }),
            })),
          ]}
        />
      )}
    </div>
  );
}

function Report({ report }: { report: SessionReport }) {
  const { t } = useTranslation('reports');
  const format = useFormat();
  const { total, rows, actions, business } = report;
  const reads = may(usePerson(), 'reports.read');
  const looksAfterAll = reads.allowed && reads.scope === 'all';
  const figures = [
    { name: t('figures.calls'), figure: format.count(total.calls) },
    {
      name: t('figures.heard'),
      figure: format.spokenLength(total.heardMs),
      more: t('figures.live', { length: format.spokenLength(total.liveMs) }),
    },
    { name: t('figures.moments'), figure: format.count(total.moments) },
    {
      name: t('figures.actions'),
      figure: format.count(total.actions),
      more: total.openActions > 0 ? t('figures.open', { count: total.openActions }) : t('figures.none'),
    },
  ];
  return (
    <>
      <dl className={styles.figures} data-testid="report" data-heard={total.heardMs}>
        {figures.map(({ name, figure, more }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className={styles.figure}>{figure}</dd>
            {more && <dd className={styles.meta}>{more}</dd>}
          </div>
        ))}
      </dl>
      <p className={styles.meta}>{t('why')}</p>
      {business && (
        <Section title={t('people')} flush>
          <People rows={rows} />
        </Section>
      )}
      <div className={styles.columns}>
        <div className={styles.column}>
          <Calls report={report} />
          {(business === null || looksAfterAll) && <ReportLines report={report} />}
        </div>
        <div className={styles.column}>
          <Topics report={report} />
          <Section title={t('actions')} flush>
            {actions.length === 0 ? (
              <p className={styles.nothing}>{t('noActions')}</p>
            ) : (
              <ul>
                {actions.map((action) => (
                  <ActionRow key={action.id} action={action} mayClose={false} />
                ))}
              </ul>
            )}
          </Section>
        </div>
      </div>
    </>
  );
}

function People({ rows }: { rows: SessionReport['rows'] }) {
  const { t } = useTranslation('reports');
  const local = useLocalText();
  const format = useFormat();
  return (
    <ul data-testid="people">
      {rows.map(({ person, calls, heardMs, moments, openActions }) => (
        <li key={person.id} className={styles.call}>
          <div className={styles.words}>
            <p className={styles.strong}>{local(person.name)}</p>
            <p className={styles.meta}>{local(person.title)}</p>
          </div>
          <p className={styles.heard}>
            {format.spokenLength(heardMs)}
            <br />
            <span className={styles.meta}>
              {[
                t('sums.calls', { count: calls }),
                t('sums.moments', { count: moments }),
                t('sums.open', { count: openActions }),
              ].join(' · ')}
            </span>
          </p>
        </li>
      ))}
    </ul>
  );
}

function Topics({ report }: { report: SessionReport }) {
  const { t } = useTranslation('reports');
  const local = useLocalText();
  const most = Math.max(1, ...report.topics.map(({ calls }) => calls));
  return (
    <Section title={t('topics')} flush>
      {report.topics.length === 0 ? (
        <p className={styles.nothing}>{t('topicsEmpty')}</p>
      ) : (
        <ul>
          {report.topics.map(({ id, name, calls }) => (
            <li key={id} className={styles.topic}>
              <div className={styles.topicWords}>
                <span>{local(name)}</span>
                <span className={styles.meta}>{t('topicCalls', { count: calls })}</span>
              </div>
              <div className={styles.bar} aria-hidden>
                <div className={styles.done} style={{ width: `${(calls / most) * 100}%` }} />
              </div>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Calls({ report }: { report: SessionReport }) {
  const { t } = useTranslation('reports');
  const hearings = useTranslation('hearings');
  const recordings = useTranslation('recordings');
  const local = useLocalText();
  const format = useFormat();
  const { lineName } = useLines();
  return (
    <Section title={t('calls')} flush>
      {report.calls.length === 0 ? (
        <EmptyState title={t('empty')}>{t('emptyBody')}</EmptyState>
      ) : (
        <ul>
          {report.calls.map(({ callId, recordingId, about, lineId, startedAt, heardMs, ways, people }) => {
            const title = about ? local(about) : recordings.t('untitled');
            const how = format.list(ways.map((way) => hearings.t(`way.${way}`)));
            return (
              <li key={callId} className={styles.call}>
                <div className={styles.words}>
                  {recordingId ? (
                    <Link to={`/recordings/${recordingId}`}>{title}</Link>
                  ) : (
                    <span>{title}</span>
                  )}
                  <p className={styles.meta}>
                    {lineName(lineId)} · <When at={startedAt} />
                  </p>
                </div>
                <p className={styles.heard}>
                  {format.spokenLength(heardMs)}
                  <br />
                  <span className={styles.meta}>
                    {how}
                    {people > 1 && ` · ${t('callPeople', { count: people })}`}
                  </span>
                </p>
              </li>
            );
          })}
        </ul>
      )}
    </Section>
  );
}

/** The same figures for a spreadsheet, one line a person and one for all. */
function Download({ report }: { report: SessionReport }) {
  const { t } = useTranslation('reports');
  const local = useLocalText();
  const columns = [
    'name',
    'title',
    'calls',
    'minutes',
    'liveMinutes',
    'moments',
    'actions',
    'openActions',
  ] as const;
  const figures = (sums: Omit<SessionReport['total'], 'people'>) => [
    sums.calls,
    minutes(sums.heardMs),
    minutes(sums.liveMs),
    sums.moments,
    sums.actions,
    sums.openActions,
  ];
  const save = () => {
    const rows = report.rows.map((row) => [local(row.person.name), local(row.person.title), ...figures(row)]);
    const csv = toCsv([
      columns.map((column) => t(`column.${column}`)),
      ...rows,
      [t('column.total'), '', ...figures(report.total)],
    ]);
    const day = (at: number) => new Date(at).toISOString().slice(0, 10);
    saveFile(`listening-${day(report.from)}-${day(report.to)}.csv`, 'text/csv; charset=utf-8', csv);
  };
  return (
    <Button icon={<DownloadOutlined aria-hidden />} onClick={save} data-testid="csv">
      {t('csv')}
    </Button>
  );
}
