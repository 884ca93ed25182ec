import { PushpinFilled } from '@ant-design/icons';
import { Button } from 'antd';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useAnnounce } from '../../ui/announce.tsx';
import { clockLength } from '../../ui/format/time.ts';
import { ThumbButton } from '../listening/thumb-bar.tsx';
import { MomentNote } from './moment-note.tsx';
import styles from './moments.module.css';
import type { Moments } from './use-moments.ts';

/** Marks what is heard in one step. */
export function MarkButton({ moments, enabled }: { moments: Moments; enabled: boolean }) {
  const { t } = useTranslation('bookmarks');
  if (!moments.mayMark) return null;
  return (
    <Button
      size="large"
      color="default"
      variant="filled"
      className={styles.mark ?? ''}
      icon={<PushpinFilled aria-hidden />}
      disabled={!enabled}
      onClick={moments.mark}
      data-testid="mark"
    >
      {t('mark')} <kbd className={styles.cap}>M</kbd>
    </Button>
  );
}

/** Where one says why it was marked: opens with each mark, in nobody's way. */
export function OpenNote({ moments }: { moments: Moments }) {
  useSaid(moments);
  if (!moments.open) return null;
  return <MomentNote key={moments.open.key} moment={moments.open} moments={moments} />;
}

/** The same on a phone, where the thumb is. */
export function MarkThumb({ moments, enabled }: { moments: Moments; enabled: boolean }) {
  const { t } = useTranslation('bookmarks');
  if (!moments.mayMark) return null;
  return (
    <ThumbButton
      icon={<PushpinFilled />}
      word={t('markShort')}
      disabled={!enabled}
      onClick={moments.mark}
      testId="mark-thumb"
    />
  );
}

/** Tells those who do not see the pin that it dropped, and where. */
function useSaid({ list }: Moments): void {
  const { t } = useTranslation('bookmarks');
  const announce = useAnnounce();
  const said = useRef(new Set<string>());
  useEffect(() => {
    for (const { key, own, draft, offsetMs } of list) {
      if (!own || draft === null || said.current.has(key)) continue;
      said.current.add(key);
      announce(t('marked', { at: clockLength(offsetMs) }));
    }
  }, [list, announce, t]);
}
