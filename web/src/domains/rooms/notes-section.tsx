import { CheckOutlined, CloudSyncOutlined, DisconnectOutlined, DownloadOutlined } from '@ant-design/icons';
import { Alert, Button } from 'antd';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { notesEditorLength } from '#contract/rooms.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { useErrorSentence } from '../../ui/states.tsx';
import styles from './rooms.module.css';
import { saveText } from './save-text.ts';
import type { NotesState, SharedNotes } from './shared-notes.ts';
import { bindText } from './text-binding.ts';

/** The notes that everybody in the room shares, and whether they are safe. */
export function NotesSection({ notes }: { notes: SharedNotes }) {
  const { t } = useTranslation('rooms');
  const state = useSyncExternalStore(notes.subscribe, notes.snapshot);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => (field.current ? bindText(field.current, notes.text, notes) : undefined), [notes]);
  return (
    <section className={styles.card} aria-label={t('notes.heading')}>
      <h2 className={styles.cardTitle}>
        {t('notes.heading')}
        <Safety state={state} />
      </h2>
      <textarea
        ref={field}
        className={styles.notes}
        aria-label={t('notes.label')}
        placeholder={t('notes.placeholder')}
        readOnly={!state.mayWrite}
        maxLength={notesEditorLength}
        spellCheck={false}
        data-testid="notes"
        data-phase={state.phase}
        onKeyDown={(event) => {
          // Out of the text, so that the room's keys work again.
          if (event.key === 'Escape' && !event.nativeEvent.isComposing) event.currentTarget.blur();
        }}
      />
      <div className={styles.foot}>
        <Writers state={state} />
        <Button
          size="small"
          type="text"
          icon={<DownloadOutlined aria-hidden />}
          onClick={() => saveText(t('notes.fileName'), notes.text.toString())}
        >
          {t('notes.export')}
        </Button>
      </div>
      {state.phase === 'refused' && <Refused notes={notes} state={state} />}
    </section>
  );
}

function Safety({ state }: { state: NotesState }) {
  const { t } = useTranslation('rooms');
  const { phase, kept, unsent, mayWrite } = state;
  if (phase === 'refused') return null;
  const words = () => {
    if (phase === 'offline' && unsent) return t(kept ? 'notes.offlineKept' : 'notes.offlineUnkept');
    return phase === 'saved' && !mayWrite ? t('notes.readOnly') : t(`notes.${phase}`);
  };
  const icons = { saved: CheckOutlined, saving: CloudSyncOutlined, opening: CloudSyncOutlined };
  const Icon = phase === 'offline' ? DisconnectOutlined : icons[phase];
  return (
    <span className={phase === 'offline' ? styles.unsafe : styles.safe}>
      <Icon aria-hidden /> {words()}
    </span>
  );
}

function Writers({ state: { writers } }: { state: NotesState }) {
  const { t } = useTranslation('rooms');
  const local = useLocalText();
  const format = useFormat();
  const names = format.list(writers.map(({ name }) => local(name)));
  return (
    <p className={styles.writers} data-testid="writers">
      {writers.length > 0 && t('notes.writing', { count: writers.length, names })}
    </p>
  );
}

/** Nothing is thrown away: what the server will not have can be copied, or tried again. */
function Refused({ notes, state }: { notes: SharedNotes; state: NotesState }) {
  const { t } = useTranslation('rooms');
  const sentence = useErrorSentence();
  const [copied, setCopied] = useState(false);
  if (!state.error) return null;
  const { what, todo } = sentence(state.error.code);
  // After a reload only the pieces are left that nobody has.
  const words = notes.text.toString() || notes.unstored;
  return (
    <Alert
      type="error"
      role="alert"
      title={notes.unstored ? t('notes.refused') : what}
      description={
        <>
          {notes.unstored && what} {todo} ({state.error.code})
          <span className={styles.buttons}>
            <Button size="small" onClick={() => notes.retry()}>
              {t('notes.retry')}
            </Button>
            {words && (
              <Button
                size="small"
                onClick={() => void navigator.clipboard.writeText(words).then(() => setCopied(true))}
              >
                {t(copied ? 'notes.copied' : 'notes.copy')}
              </Button>
            )}
          </span>
        </>
      }
    />
  );
}
