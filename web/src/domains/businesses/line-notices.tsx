import { Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { businessesEndpoints, type Line, type LineNotice, lineNotice } from '#contract/businesses.ts';
import { useApiCommand } from '../../app/queries.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { Section } from '../../ui/page.tsx';
import { ErrorNote } from '../../ui/states.tsx';
import styles from './line-notices.module.css';
import { useLines } from './use-lines.ts';

/** Per line: when its agents are told who listens. For those who manage lines. */
export function LineNotices() {
  const { t } = useTranslation('hearings');
  const { lines } = useLines();
  return (
    <Section title={t('notices.heading')} flush>
      <ul data-testid="line-notices">
        {lines.map((line) => (
          <NoticeRow key={line.id} line={line} />
        ))}
      </ul>
      <p className={styles.foot}>{t('notices.body')}</p>
    </Section>
  );
}

function NoticeRow({ line }: { line: Line }) {
  const { t } = useTranslation('hearings');
  const local = useLocalText();
  const announce = useAnnounce();
  const set = useApiCommand(businessesEndpoints.setNotice, { refresh: [businessesEndpoints.lines] });
  const notice = set.isPending ? set.variables.body.notice : line.notice;
  const name = local(line.name);
  const choose = (chosen: LineNotice) =>
    set.mutate(
      { params: { id: line.id }, body: { notice: chosen } },
      {
        onSuccess: () => announce(t('notices.saved', { line: name, notice: t(`notices.${chosen}`) })),
      },
    );
  return (
    <li className={styles.row} data-line={line.id}>
      <div className={styles.words}>
        <p className={styles.name}>{name}</p>
        <p className={styles.why}>{t(`notices.${notice}Why`)}</p>
      </div>
      <Select<LineNotice>
        className={styles.choice ?? ''}
        aria-label={t('notices.of', { line: name })}
        value={notice}
        loading={set.isPending}
        onChange={choose}
        options={lineNotice.options.map((value) => ({ value, label: t(`notices.${value}`) }))}
      />
      {set.error && (
        <div className={styles.error}>
          <ErrorNote error={set.error} onClose={() => set.reset()} />
        </div>
      )}
    </li>
  );
}
