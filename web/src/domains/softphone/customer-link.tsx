import { CheckOutlined, CopyOutlined } from '@ant-design/icons';
import { Button, Input } from 'antd';
import { useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAnnounce } from '../../ui/announce.tsx';
import styles from './softphone.module.css';

/** For how long the button says that it worked. Milliseconds. */
const saidForMs = 2_500;

/** The customer's way in, to be copied into whatever they are reached by. */
export function CustomerLink({ link }: { link: string | null }) {
  const { t } = useTranslation('softphone');
  const field = useId();
  const announce = useAnnounce();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), saidForMs);
    return () => clearTimeout(timer);
  }, [copied]);
  if (link === null) return <p className={styles.muted}>{t('link.gone')}</p>;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      // Not allowed here (no https, or a setting): the field is selected, Ctrl-C does it.
      const input = document.getElementById(field);
      if (input instanceof HTMLInputElement) input.select();
      return;
    }
    setCopied(true);
    announce(t('link.copiedSaid'));
  };
  return (
    <div className={styles.link}>
      <label htmlFor={field}>{t('link.label')}</label>
      <div className={styles.linkRow}>
        <Input
          id={field}
          size="large"
          readOnly
          value={link}
          onFocus={(event) => event.target.select()}
          data-testid="customer-link"
        />
        <Button
          type="primary"
          size="large"
          icon={copied ? <CheckOutlined aria-hidden /> : <CopyOutlined aria-hidden />}
          onClick={() => void copy()}
        >
          {t(copied ? 'link.copied' : 'link.copy')}
        </Button>
      </div>
      <p className={styles.muted}>{t('link.hint')}</p>
    </div>
  );
}
