import { GlobalOutlined, LockOutlined, TeamOutlined } from '@ant-design/icons';
import { Button, Input, type InputRef, Segmented, Select } from 'antd';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { noteMaxLength, type RemedyKind, remedies } from '#contract/bookmarks.ts';
import { useLocalText } from '../../i18n/language.ts';
import { clockLength } from '../../ui/format/time.ts';
import { useIsPhone } from '../../ui/use-media-query.ts';
import styles from './moments.module.css';
import type { Moment } from './moments.ts';
import type { Moments } from './use-moments.ts';

export const visibilityIcons = {
  private: <LockOutlined aria-hidden />,
  room: <TeamOutlined aria-hidden />,
  programme: <GlobalOutlined aria-hidden />,
} as const;

/** What one says of a moment: Enter saves, Esc keeps the mark as it was. Each letter is kept as it is typed. */
export function MomentNote({ moment, moments }: { moment: Moment; moments: Moments }) {
  const { t } = useTranslation('bookmarks');
  const phone = useIsPhone();
  const field = useRef<InputRef>(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  const close = (how: 'save' | 'drop') => {
    // The keys are the page's again.
    field.current?.blur();
    moments.close(moment, how);
  };
  const pressed = (event: KeyboardEvent) => {
    // Enter belongs to the input method while it composes.
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      close('drop');
    }
  };
  const choices = (['private', 'room', 'programme'] as const).filter(
    (one) => one !== 'room' || moment.hasRoom,
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes the note from any of its fields.
    <div className={`${styles.note} ${styles.dropped}`} onKeyDown={pressed} data-testid="moment-note">
      <div className={styles.noteTop}>
        <span className={styles.at}>{clockLength(moment.offsetMs)}</span>
        <Input
          ref={field}
          className={styles.noteField ?? ''}
          aria-label={t('note.label', { at: clockLength(moment.offsetMs) })}
          placeholder={t('note.placeholder')}
          maxLength={noteMaxLength}
          value={moment.draft ?? moment.note}
          onChange={(event) => moments.type(moment, event.target.value)}
          onPressEnter={(event) => {
            if (!event.nativeEvent.isComposing) close('save');
          }}
        />
        <Button type="primary" onClick={() => close('save')}>
          {t('note.save')}
        </Button>
      </div>
      <div className={styles.noteMore}>
        <Segmented
          size={phone ? 'middle' : 'small'}
          aria-label={t('visibility.label')}
          value={moment.visibility}
          options={choices.map((value) => ({
            value,
            icon: visibilityIcons[value],
            label: t(`visibility.${value}`),
            tooltip: t(`visibility.${value}Why`),
          }))}
          onChange={(visibility) => moments.change(moment, { visibility })}
        />
        <RemedyChoice moment={moment} moments={moments} />
        <span className={styles.hint}>{t('note.keys')}</span>
      </div>
    </div>
  );
}

/** What was done for the customer, from the programme's list and in one's own words. */
function RemedyChoice({ moment, moments }: { moment: Moment; moments: Moments }) {
  const { t } = useTranslation('bookmarks');
  const local = useLocalText();
  const { remedy } = moment;
  const [text, setText] = useState(remedy?.text ?? '');
  const say = () => {
    if (remedy && text.trim() !== remedy.text) moments.change(moment, { remedy: { ...remedy, text } });
  };
  return (
    <>
      <Select<RemedyKind>
        size="small"
        className={styles.remedy ?? ''}
        aria-label={t('remedy.label')}
        placeholder={t('remedy.label')}
        allowClear
        value={remedy?.kind ?? null}
        options={(Object.keys(remedies) as RemedyKind[]).map((value) => ({
          value,
          label: local(remedies[value]),
        }))}
        onChange={(kind) =>
          moments.change(moment, { remedy: kind ? { kind, text: remedy?.text ?? '' } : null })
        }
      />
      {remedy && (
        <Input
          size="small"
          className={styles.remedyText ?? ''}
          aria-label={t('remedy.text')}
          placeholder={t('remedy.text')}
          maxLength={200}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onBlur={say}
          onPressEnter={say}
        />
      )}
    </>
  );
}
