import { EllipsisOutlined } from '@ant-design/icons';
import { Badge, Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './live-room.module.css';

/** One subject of the room's side: the call, the people and their notes, the moments. */
export interface RoomPanel {
  readonly key: 'call' | 'room' | 'moments';
  readonly content: ReactNode;
  /** How many new things wait in it; shown beside its name. */
  readonly fresh?: number;
}

/**
 * What stands beside the voices, one subject at a time so that the room stays calm; on a phone it lies below them.
 * Panels that are not shown stay mounted: what was typed in them, and what they heard of others, is kept.
 */
export function RoomPanels({ panels }: { panels: readonly RoomPanel[] }) {
  const { t } = useTranslation('listening');
  const [only] = panels;
  if (!only) return null;
  if (panels.length === 1) return <div className={styles.panel}>{only.content}</div>;
  return (
    <Tabs
      className={styles.panels ?? ''}
      more={{ icon: <EllipsisOutlined aria-hidden /> }}
      items={panels.map(({ key, content, fresh = 0 }) => ({
        key,
        forceRender: true,
        label: (
          <Badge count={fresh} size="small" offset={[8, 0]}>
            <span className={styles.panelName}>{t(`panels.${key}`)}</span>
          </Badge>
        ),
        children: <div className={styles.panel}>{content}</div>,
      }))}
    />
  );
}
