import { Button, Modal } from 'antd';
import { useEffect, useEffectEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './keys.module.css';

/** One key of a page: what it is called (`KeyboardEvent.key`), what people see on the cap, what it does. */
export interface PageKey {
  /** `KeyboardEvent.key` values, lower case for letters, e.g. [' ', 'k']. */
  readonly keys: readonly string[];
  /** Only together with Shift. A key without this is meant with and without it, unless another one says so before it. */
  readonly shift?: boolean;
  /** What the help shows, e.g. ['Space', 'K']. */
  readonly caps: readonly string[];
  readonly does: string;
  readonly run: () => void;
}

function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target.matches('input, textarea, select, [role="combobox"], [role="dialog"] *')
  );
}

/** Space and Enter belong to the button or link that has the focus, arrows to the tabs, sliders and radios. */
function ownsKey(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (key === ' ' || key === 'Enter')
    return target.matches('button, a, summary, [role="button"], [role="tab"]');
  if (key.startsWith('Arrow'))
    return target.matches('[role="tab"], [role="slider"], [role="radio"], [role="menuitem"]');
  return false;
}

/** Runs page keys anywhere on the page but in text fields. Keys with Ctrl, Alt or Meta stay the browser's. */
export function usePageKeys(keys: readonly PageKey[]): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (takesText(event.target) || ownsKey(event.target, event.key)) return;
    const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const match = keys.find((key) => key.keys.includes(pressed) && (!key.shift || event.shiftKey));
    if (!match) return;
    event.preventDefault();
    match.run();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => press(event);
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, []);
}

/** The page's keys, working, with `?` and a small button to show them. */
export function PageKeys({ keys }: { keys: readonly PageKey[] }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const help: PageKey = { keys: ['?'], caps: ['?'], does: t('keys.help'), run: () => setOpen(true) };
  usePageKeys([...keys, help]);
  return (
    <>
      <Button type="text" size="small" className={styles.button ?? ''} onClick={() => setOpen(true)}>
        <kbd className={styles.cap}>?</kbd> {t('keys.open')}
      </Button>
      <Modal open={open} onCancel={() => setOpen(false)} footer={null} title={t('keys.title')} width={440}>
        <dl className={styles.list}>
          {[...keys, help].map((key) => (
            <div key={key.does} className={styles.row}>
              <dt>{key.does}</dt>
              <dd>
                {key.caps.map((cap) => (
                  <kbd key={cap} className={styles.cap}>
                    {cap}
                  </kbd>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </Modal>
    </>
  );
}
