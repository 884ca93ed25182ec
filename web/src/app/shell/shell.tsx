import { UserOutlined } from '@ant-design/icons';
import { useQueryClient } from '@tanstack/react-query';
import { Alert } from 'antd';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Outlet, ScrollRestoration, useLocation } from 'react-router';
import { useAnnounce } from '../../ui/announce.tsx';
import { useIsPhone } from '../../ui/use-media-query.ts';
import { useConnection } from '../realtime-context.tsx';
import { Brand } from './brand.tsx';
import { LanguageSwitch } from './language-switch.tsx';
import { NavigationLink, useDestinations } from './navigation.tsx';
import { PersonaMenu } from './persona-menu.tsx';
import styles from './shell.module.css';

/** The frame around every signed-in page: navigation at the side, on a phone four tabs at the bottom. */
export function Shell() {
  const phone = useIsPhone();
  return (
    <div className={styles.shell}>
      <SkipLink />
      {phone ? <PhoneBar /> : <SideBar />}
      <Content />
      {phone && <Tabs />}
      <ScrollRestoration />
    </div>
  );
}

function SkipLink() {
  const { t } = useTranslation();
  return (
    <a className={styles.skip} href="#content">
      {t('skipToContent')}
    </a>
  );
}

function SideBar() {
  const { t } = useTranslation();
  const destinations = useDestinations();
  return (
    <header className={styles.side}>
      <Brand />
      <nav aria-label={t('navigation')}>
        <ul className={styles.navList}>
          {destinations.map((destination) => (
            <li key={destination.to}>
              <NavigationLink {...destination} />
            </li>
          ))}
        </ul>
      </nav>
      <div className={styles.sideFoot}>
        <LanguageSwitch />
        <PersonaMenu />
      </div>
    </header>
  );
}

function PhoneBar() {
  return (
    <header className={styles.phoneBar}>
      <Brand />
      <LanguageSwitch />
    </header>
  );
}

function Tabs() {
  const { t } = useTranslation();
  // Three places and Me, which holds whatever else this person may open.
  const destinations = useDestinations().slice(0, 3);
  return (
    <nav className={styles.tabs} aria-label={t('navigation')}>
      {destinations.map((destination) => (
        <NavigationLink key={destination.to} {...destination} />
      ))}
      <NavigationLink to="/me" label={t('nav.me')} icon={<UserOutlined />} />
    </nav>
  );
}

function Content() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    // Keyboard and screen reader start at the new page, not where the link was.
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return (
    <main id="content" ref={main} tabIndex={-1} className={styles.main}>
      <ConnectionNotice />
      <Outlet />
    </main>
  );
}

/** Says that the line to the server is cut, for as long as it is. */
export function ConnectionNotice() {
  const { t } = useTranslation();
  const connection = useConnection();
  const announce = useAnnounce();
  const queries = useQueryClient();
  const before = useRef(connection);
  useEffect(() => {
    if (before.current === 'reconnecting' && connection === 'connected') {
      announce(t('connection.back'));
      // Events were missed meanwhile: what is on the page is read anew.
      void queries.invalidateQueries();
    }
    before.current = connection;
  }, [announce, connection, queries, t]);
  if (connection !== 'reconnecting') return null;
  return <Alert banner type="warning" title={t('connection.reconnecting')} />;
}
