import { SoundOutlined } from '@ant-design/icons';
import { Alert, Button, Modal } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { VoiceMeter } from '../../ui/voice-meter.tsx';
import { VoiceName } from '../../ui/voice-name.tsx';
import { LineCheck } from './line-check.tsx';
import type { ListeningSession } from './listening-session.ts';
import type { ListeningState } from './listening-state.ts';
import styles from './sound-check.module.css';
import { playTestTones, type TestTones, type TestVoice } from './test-tones.ts';

const sides: Readonly<Record<TestVoice, 'left' | 'right'>> = { agent: 'left', customer: 'right' };

/** Before one listens: does sound come out, is the headset the right way round, and does sound get here at all? */
export function SoundCheck({ session, state }: { session: ListeningSession; state: ListeningState }) {
  const { t } = useTranslation('listening');
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button type="text" icon={<SoundOutlined aria-hidden />} onClick={() => setOpen(true)}>
        {t('check.open')}
      </Button>
      <Modal
        open={open}
        onCancel={() => setOpen(false)}
        footer={null}
        title={t('check.title')}
        width={440}
        destroyOnHidden
      >
        <Check session={session} state={state} onDone={() => setOpen(false)} />
      </Modal>
    </>
  );
}

function Check({
  session,
  state,
  onDone,
}: {
  session: ListeningSession;
  state: ListeningState;
  onDone: () => void;
}) {
  const { t } = useTranslation('listening');
  const playing = useRef<TestTones | null>(null);
  const [sounds, setSounds] = useState(false);
  const [played, setPlayed] = useState(false);
  useEffect(() => () => playing.current?.stop(), []);
  const play = () => {
    playing.current?.stop();
    session.mixer.start();
    const tones = playTestTones(session.mixer.context, session.mixer.balance);
    playing.current = tones;
    setSounds(true);
    void tones.done.then(() => {
      if (playing.current !== tones) return;
      setSounds(false);
      setPlayed(true);
    });
  };
  return (
    <div className={styles.check}>
      <p>{t('check.what')}</p>
      <div className={styles.voices}>
        {(['agent', 'customer'] as const).map((voice) => (
          <div key={voice} className={styles.voice}>
            <p className={styles.name}>
              <VoiceName voice={voice} />
              <span className={styles.side}>{t(`check.${sides[voice]}`)}</span>
            </p>
            <VoiceMeter
              read={() => playing.current?.level(voice) ?? 0}
              voice={voice}
              on={sounds}
              height={40}
            />
          </div>
        ))}
      </div>
      {state.sound === 'blocked' && (
        <Alert type="warning" showIcon title={t('sound.blocked')} description={t('sound.blockedWhy')} />
      )}
      {played && !sounds && <p role="status">{t('check.heard')}</p>}
      <div className={styles.actions}>
        <Button type={played ? 'default' : 'primary'} disabled={sounds} onClick={play}>
          {t(played ? 'check.again' : 'check.play')}
        </Button>
        {played && (
          <Button type="primary" onClick={onDone}>
            {t('check.fine')}
          </Button>
        )}
      </div>
      <LineCheck delayed={state.delayMs !== null} />
    </div>
  );
}
