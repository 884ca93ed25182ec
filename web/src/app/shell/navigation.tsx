import {
  BookOutlined,
  CalendarOutlined,
  CustomerServiceOutlined,
  DashboardOutlined,
  FieldTimeOutlined,
  HomeOutlined,
  TeamOutlined,
} from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router';
import type { Action } from '#contract/abilities.ts';
import { useMay } from '../session.tsx';
import styles from './shell.module.css';

export interface Destination {
  readonly to: string;
  readonly label: string;
  readonly icon: ReactNode;
}

interface Door {
  readonly to: string;
  readonly name: 'today' | 'desk' | 'seats' | 'library' | 'meetings' | 'operations' | 'retention';
  readonly icon: ReactNode;
  readonly needs: Action | null;
}

const doors: readonly Door[] = [
  { to: '/', name: 'today', icon: <HomeOutlined />, needs: null },
  { to: '/desk', name: 'desk', icon: <CustomerServiceOutlined />, needs: 'softphone.answer' },
  { to: '/seats', name: 'seats', icon: <CalendarOutlined />, needs: 'slots.read' },
  { to: '/library', name: 'library', icon: <BookOutlined />, needs: 'recordings.replay' },
  { to: '/meetings', name: 'meetings', icon: <TeamOutlined />, needs: 'meetings.convene' },
  { to: '/operations', name: 'operations', icon: <DashboardOutlined />, needs: 'operations.read' },
  { to: '/retention', name: 'retention', icon: <FieldTimeOutlined />, needs: 'retention.read' },
];

/** Where this person may go, most used first. */
export function useDestinations(): readonly Destination[] {
  const { t } = useTranslation();
  const mayDo = useMay();
  return doors
    .filter(({ needs }) => needs === null || mayDo(needs))
    .map(({ to, name, icon }) => ({ to, icon, label: t(`nav.${name}`) }));
}

export function NavigationLink({ to, label, icon }: Destination) {
  return (
    <NavLink to={to} end={to === '/'} className={styles.navLink ?? ''}>
      <span className={styles.navIcon} aria-hidden>
        {icon}
      </span>
      <span className={styles.navLabel}>{label}</span>
    </NavLink>
  );
}
