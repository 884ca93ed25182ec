import { type ReactNode, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { VoiceMeter } from '../../ui/voice-meter.tsx';
import { VoiceName } from '../../ui/voice-name.tsx';
import styles from './softphone.module.css';

/** One of the two who talk: whose voice, whether it speaks, and what else is to be said of it. */
export function TalkPanel({
  voice,
  name,
  role,
  on,
  read,
  height,
  note,
}: {
  voice: 'agent' | 'customer';
  name: string;
  /** Beside the name, when that is a person's. */
  role?: string;
  on: boolean;
  read: () => number;
  height: number;
  note?: ReactNode;
}) {
  const { t } = useTranslation('softphone');
  const panel = useRef<HTMLElement>(null);
  return (
    <section
      ref={panel}
      className={styles.panel}
      data-voice={voice}
      aria-label={name}
      data-testid={`talk-${voice}`}
    >
      <header className={styles.panelHead}>
        <h2 className={styles.panelName}>
          <VoiceName voice={voice}>{name}</VoiceName>
        </h2>
        {role && <span className={styles.muted}>{role}</span>}
        <span className={styles.panelNote}>
          {note ?? (
            <span className={styles.speaking} aria-hidden>
              {t('speaking')}
            </span>
          )}
        </span>
      </header>
      <VoiceMeter
        voice={voice}
        on={on}
        read={read}
        height={height}
        onSpeaking={(speaks) => panel.current?.setAttribute('data-speaking', String(speaks))}
      />
    </section>
  );
}
