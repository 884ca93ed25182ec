import { SwapOutlined } from '@ant-design/icons';
import { Alert, Button, Dropdown } from 'antd';
import { useTranslation } from 'react-i18next';
import { usePerson } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { Elapsed } from '../../ui/live-badge.tsx';
import type { RoomLink, RoomLinkState } from './room-link.ts';
import styles from './rooms.module.css';
import type { Ears, Hearing, useRoomMoves } from './use-room-moves.ts';
import { useCallName } from './use-room-moves.ts';

/** Where the room is; for the host, the way to bring everybody elsewhere. */
export function MoveSection({
  link,
  state,
  session,
  hearing,
}: {
  link: RoomLink;
  state: RoomLinkState;
  session: Ears;
  hearing: Hearing;
}) {
  const { t } = useTranslation('rooms');
  const local = useLocalText();
  const me = usePerson();
  const nameOf = useCallName();
  const { host, move } = state;
  const call = hearing.calls.find((one) => one.id === move?.callId);
  if (!host && !(move && call)) return null;
  const hears = hearing.phase !== 'idle' && hearing.call?.id === move?.callId;
  const others = hearing.calls.filter((one) => one.id !== call?.id);
  return (
    <section className={styles.card} aria-label={t('move.heading')}>
      <h2 className={styles.cardTitle}>{t('move.heading')}</h2>
      {move && call ? (
        <div className={styles.row}>
          <div className={styles.words}>
            <p className={styles.strong}>{nameOf(call.id, hearing)}</p>
            <p className={styles.meta}>
              <Elapsed since={call.startedAt ?? call.openedAt} />
              <span>
                {move.byId === me.id ? t('move.broughtByMe') : t('move.broughtBy', { name: local(move.by) })}
              </span>
              {hears && <span>{t('move.here')}</span>}
            </p>
          </div>
          {!hears && (
            <Button size="small" onClick={() => session.listen(call.id)}>
              {t('move.hear')}
            </Button>
          )}
        </div>
      ) : (
        <p className={styles.muted}>{t('move.none')}</p>
      )}
      {host &&
        (others.length === 0 ? (
          <p className={styles.muted}>{t('move.only')}</p>
        ) : (
          <Dropdown
            trigger={['click']}
            autoFocus
            // Inside of the page's landmarks, where screen readers look for it.
            getPopupContainer={(button) => button.closest('section') ?? document.body}
            menu={{
              items: others.map((one) => ({
                key: one.id,
                label: (
                  <span className={styles.choice}>
                    {nameOf(one.id, hearing)}
                    <span className={styles.meta}>
                      <Elapsed since={one.startedAt ?? one.openedAt} />
                      {one.agentName && <span>{local(one.agentName)}</span>}
                    </span>
                  </span>
                ),
              })),
              onClick: ({ key }) => void link.move(key),
            }}
          >
            <Button
              block
              color="default"
              variant="filled"
              icon={<SwapOutlined aria-hidden />}
              data-testid="move-room"
            >
              {t('move.toCall')}
            </Button>
          </Dropdown>
        ))}
    </section>
  );
}

/** Says that the host moved the room, and leaves the choice. Stands where the eyes are. */
export function MoveNotice({ moves, hearing }: { moves: ReturnType<typeof useRoomMoves>; hearing: Hearing }) {
  const { t } = useTranslation('rooms');
  const me = usePerson();
  const nameOf = useCallName();
  const { notice } = moves;
  if (!notice) return null;
  const about = nameOf(notice.move.callId, hearing);
  const { back } = notice;
  if (notice.kind === 'offered') {
    return (
      <Alert
        type="info"
        showIcon
        data-testid="room-offered"
        title={t('move.offered', { about })}
        closable={{ onClose: moves.dismiss, 'aria-label': t('move.fine') }}
        action={<Button onClick={() => moves.hear(notice.move.callId)}>{t('move.hear')}</Button>}
      />
    );
  }
  return (
    <Alert
      type="info"
      showIcon
      data-testid="room-moved"
      title={t(notice.move.byId === me.id ? 'move.followedByMe' : 'move.followed', { about })}
      closable={{ onClose: moves.dismiss, 'aria-label': t('move.fine') }}
      action={
        back && (
          <Button onClick={() => moves.hear(back.id)}>
            {t('move.back', { about: nameOf(back.id, hearing) })}
          </Button>
        )
      }
    />
  );
}
