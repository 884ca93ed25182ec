import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './page.module.css';

/** A page: its one heading, what belongs beside it, and the content. Sets the window's title. */
export function Page({
  title,
  lead,
  actions,
  hideTitle = false,
  wide = false,
  children,
}: {
  title: string;
  /** One sentence below the title. */
  lead?: ReactNode;
  actions?: ReactNode;
  /** Keeps the heading for screen readers only, where the content says it louder. */
  hideTitle?: boolean;
  wide?: boolean;
  children: ReactNode;
}) {
  usePageTitle(title);
  return (
    <div className={wide ? `${styles.page} ${styles.wide}` : styles.page}>
      <header className={hideTitle && !lead && !actions ? 'cl-visually-hidden' : styles.header}>
        <div className={styles.words}>
          <h1 className={hideTitle ? 'cl-visually-hidden' : styles.title}>{title}</h1>
          {lead && <div className={styles.lead}>{lead}</div>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Title of the browser's tab. */
export function usePageTitle(title: string): void {
  const { t } = useTranslation();
  const product = t('product');
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
}

/** A part of a page with its own heading. */
export function Section({
  title,
  aside,
  children,
  flush = false,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  /** Content touches the card's edges (rows that draw their own lines). */
  flush?: boolean;
}) {
  return (
    <section className={styles.section} aria-label={title}>
      <div className={styles.sectionHead}>
        <h2 className={styles.sectionTitle}>{title}</h2>
        {aside}
      </div>
      <div className={flush ? styles.cardFlush : styles.card}>{children}</div>
    </section>
  );
}
