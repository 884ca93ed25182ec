import { Button, Drawer, Popconfirm } from 'antd';
import { useTranslation } from 'react-i18next';
import { checkInOpensBeforeMs, type Slot } from '#contract/seats.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { ErrorNote } from '../../ui/states.tsx';
import { useIsPhone } from '../../ui/use-media-query.ts';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { RoomRecordLink } from '../rooms/room-record-link.tsx';
import { SeatAction } from './seat-action.tsx';
import { SeatDots } from './seat-dots.tsx';
import { seatState } from './seat-state.ts';
import styles from './slot-panel.module.css';
import { useCancel } from './use-seats.ts';

/** One slot up close, at the side (on a phone from below): what it is and the one thing to do. */
export function SlotPanel({ slot, now, onClose }: { slot: Slot | null; now: number; onClose: () => void }) {
  const { t } = useTranslation('seats');
  const { lineName } = useLines();
  const phone = useIsPhone();
  return (
    <Drawer
      open={slot !== null}
      onClose={onClose}
      placement={phone ? 'bottom' : 'right'}
      size={phone ? 'auto' : 400}
      title={slot ? lineName(slot.lineId) : t('title')}
      destroyOnHidden
    >
      {slot && <Details key={slot.id} slot={slot} now={now} />}
    </Drawer>
  );
}

function Details({ slot, now }: { slot: Slot; now: number }) {
  const { t } = useTranslation('seats');
  const local = useLocalText();
  const format = useFormat();
  const state = seatState(slot, slot.mine, now);
  const ahead = state !== 'over' && state !== 'attended';
  return (
    <div className={styles.panel}>
      <div>
        <p className={styles.when}>
          <When at={slot.startsAt} until={slot.endsAt} zone={slot.zone} />
        </p>
        <p className={styles.host}>
          {slot.hostName ? t('host', { name: local(slot.hostName) }) : t('noHost')}
        </p>
      </div>
      <div className={styles.seats}>
        <SeatDots seats={slot.seats} taken={slot.taken} mine={slot.mine !== null} atMost={20} />
        <span>
          {ahead ? t('leftOf', { left: slot.seats - slot.taken, seats: slot.seats }) : t(`state.${state}`)}
        </span>
      </div>
      {slot.mine && ahead && (
        <p className={styles.mine}>
          {t('mine')} · {t('seatNumber', { seat: slot.mine.seat })}
        </p>
      )}
      <SeatAction slot={slot} mine={slot.mine} now={now} block />
      <RoomRecordLink slot={slot} was={state === 'attended'} over={!ahead} />
      {state === 'reserved' && (
        <p className={styles.note}>
          {t('checkInOpens', { when: format.dayAndTime(slot.startsAt - checkInOpensBeforeMs) })}
        </p>
      )}
      {state === 'full' && <p className={styles.note}>{t('fullNote')}</p>}
      {ahead && state !== 'full' && <p className={styles.note}>{t('nobodyHears')}</p>}
      {slot.mine && (state === 'reserved' || state === 'check-in') && (
        <GiveBack reservationId={slot.mine.id} />
      )}
    </div>
  );
}

function GiveBack({ reservationId }: { reservationId: string }) {
  const { t } = useTranslation('seats');
  const announce = useAnnounce();
  const cancel = useCancel();
  return (
    <div>
      <Popconfirm
        title={t('action.cancel')}
        description={t('action.cancelSure')}
        okText={t('action.cancel')}
        cancelText={t('action.keep')}
        okButtonProps={{ danger: true }}
        onConfirm={() =>
          cancel.mutate({ params: { id: reservationId } }, { onSuccess: () => announce(t('done.cancelled')) })
        }
      >
        <Button type="text" loading={cancel.isPending} className={styles.giveBack ?? ''}>
          {t('action.cancel')}
        </Button>
      </Popconfirm>
      {cancel.error && <ErrorNote error={cancel.error} />}
    </div>
  );
}
