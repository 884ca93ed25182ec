import { DeleteOutlined, EditOutlined, LoadingOutlined, WarningOutlined } from '@ant-design/icons';
import { Button, Popconfirm } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { remedies } from '#contract/bookmarks.ts';
import type { AnyErrorCode } from '#web/app/api-error.ts';
import { useLocalText } from '../../i18n/language.ts';
import { clockLength } from '../../ui/format/time.ts';
import { useErrorSentence } from '../../ui/states.tsx';
import { visibilityIcons } from './moment-note.tsx';
import styles from './moments.module.css';
import type { Moment } from './moments.ts';
import type { Moments } from './use-moments.ts';

/** The moments of a call in its order: when, what was noted, by whom and for whom. */
export function MomentList({
  moments,
  onGo,
  actions,
  empty,
}: {
  moments: Moments;
  /** Goes to the moment, where that is possible. */
  onGo?: (offsetMs: number) => void;
  /** What else can be done with one. */
  actions?: (moment: Moment) => ReactNode;
  empty: string;
}) {
  const { t } = useTranslation('bookmarks');
  if (moments.list.length === 0) return <p className={styles.quiet}>{empty}</p>;
  return (
    <ul className={styles.list} aria-label={t('heading')}>
      {moments.list.map((moment) => (
        <li key={moment.key} className={styles.item} data-testid="moment" data-state={moment.state}>
          {onGo ? (
            <button
              type="button"
              className={styles.go}
              aria-label={t('goTo', { at: clockLength(moment.offsetMs) })}
              onClick={() => onGo(moment.offsetMs)}
            >
              {clockLength(moment.offsetMs)}
            </button>
          ) : (
            <span className={styles.still}>{clockLength(moment.offsetMs)}</span>
          )}
          <MomentWords moment={moment} />
          <span className={styles.acts}>
            {actions?.(moment)}
            {moment.own && <OwnActs moment={moment} moments={moments} />}
          </span>
        </li>
      ))}
    </ul>
  );
}

function MomentWords({ moment }: { moment: Moment }) {
  const { t } = useTranslation('bookmarks');
  const local = useLocalText();
  const sentence = useErrorSentence();
  const { note, remedy, visibility, bookmark, own, state, refused } = moment;
  return (
    <div className={styles.words}>
      <p className={note ? styles.text : styles.empty}>{note || t('noNote')}</p>
      <p className={styles.meta}>
        {remedy && (
          <span className={styles.remedyTag} data-kind={remedy.kind}>
            {t('remedy.was', { remedy: local(remedies[remedy.kind]) })}
            {remedy.text && ` · ${remedy.text}`}
          </span>
        )}
        <span title={t(`visibility.${visibility}Why`)}>
          {visibilityIcons[visibility]} {t(`visibility.${visibility}`)}
        </span>
        {!own && bookmark && <span>{local(bookmark.by.name)}</span>}
        {state === 'sending' && (
          <span role="status">
            <LoadingOutlined aria-hidden /> {t('sending')}
          </span>
        )}
        {refused && (
          <span className={styles.refused} role="alert">
            <WarningOutlined aria-hidden /> {sentence(refused as AnyErrorCode).what}
          </span>
        )}
      </p>
    </div>
  );
}

function OwnActs({ moment, moments }: { moment: Moment; moments: Moments }) {
  const { t } = useTranslation('bookmarks');
  const named = { at: clockLength(moment.offsetMs) };
  return (
    <>
      <Button
        type="text"
        size="small"
        icon={<EditOutlined />}
        aria-label={t('edit', named)}
        title={t('edit', named)}
        onClick={() => moments.edit(moment)}
      />
      <Popconfirm
        title={t('removeSure')}
        okText={t('removeYes')}
        cancelText={t('removeNo')}
        onConfirm={() => moments.remove(moment)}
      >
        <Button
          type="text"
          size="small"
          icon={<DeleteOutlined />}
          aria-label={t('remove', named)}
          title={t('remove', named)}
        />
      </Popconfirm>
    </>
  );
}
