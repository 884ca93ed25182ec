import { Checkbox, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Ownership } from '#contract/meetings.ts';
import type { LocalText } from '#contract/primitives.ts';
import { useLocalText } from '../../i18n/language.ts';
import styles from './meetings.module.css';

interface Somebody {
  readonly id: string;
  readonly name: LocalText;
  readonly title: LocalText;
}

/** Why somebody is there, a line for each: "owns Supermarket › Baby". */
export function Ownerships({ owns }: { owns: readonly Ownership[] }) {
  const { t } = useTranslation('meetings');
  const local = useLocalText();
  return owns.map(({ businessId, path }) => (
    <span key={businessId} className={styles.owns}>
      {t('new.owns', { path: local(path) })}
    </span>
  ));
}

/** Who is proposed and why, each to be left out; and everybody else, to be added. */
export function InviteePicker({
  proposal,
  declined,
  added,
  onDeclined,
  onAdded,
}: {
  proposal: {
    readonly invitees: readonly (Somebody & { readonly owns: readonly Ownership[] })[];
    readonly others: readonly Somebody[];
  } | null;
  declined: readonly string[];
  added: readonly string[];
  onDeclined: (ids: readonly string[]) => void;
  onAdded: (ids: readonly string[]) => void;
}) {
  const { t } = useTranslation('meetings');
  const local = useLocalText();
  if (!proposal) return <p className={styles.hint}>{t('new.pickFirst')}</p>;
  return (
    <div className={styles.picker} data-testid="invitees">
      <p className={styles.meta}>{t('new.inviteesHint')}</p>
      {proposal.invitees.map(({ id, name, title, owns }) => (
        <Checkbox
          key={id}
          className={styles.choice ?? ''}
          checked={!declined.includes(id)}
          onChange={({ target }) =>
            onDeclined(target.checked ? declined.filter((other) => other !== id) : [...declined, id])
          }
        >
          <span className={styles.strong}>{local(name)}</span>
          <span className={styles.meta}>
            {' '}
            {local(title)}
            <Ownerships owns={owns} />
          </span>
        </Checkbox>
      ))}
      <Select<string[]>
        mode="multiple"
        className={styles.wideSelect ?? ''}
        aria-label={t('new.add')}
        placeholder={t('new.add')}
        value={[...added]}
        onChange={onAdded}
        optionFilterProp="label"
        options={proposal.others.map(({ id, name, title }) => ({
          value: id,
          label: `${local(name)} · ${local(title)}`,
        }))}
      />
    </div>
  );
}
