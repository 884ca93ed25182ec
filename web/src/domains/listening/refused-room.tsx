import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { seatsEndpoints } from '#contract/seats.ts';
import type { ApiError } from '../../app/api-error.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useNow } from '../../app/server-clock.ts';
import { ErrorNote, ErrorState } from '../../ui/states.tsx';
import { seatState } from '../seats/seat-state.ts';
import { useCheckIn } from '../seats/use-seats.ts';
import styles from './live-room.module.css';

/** Why the door stays shut, and the one thing that opens it. */
export function RefusedRoom({
  error,
  slotId,
  onRetry,
}: {
  error: ApiError;
  slotId: string;
  onRetry: () => void;
}) {
  const { t } = useTranslation('listening');
  const navigate = useNavigate();
  const now = useNow(10_000);
  const slot = useApiQuery(
    seatsEndpoints.show,
    { params: { id: slotId } },
    { enabled: error.code === 'seat.required' },
  );
  const checkIn = useCheckIn();
  const mine = slot.data?.mine ?? null;
  const mayCheckIn = slot.data && mine && seatState(slot.data, mine, now) === 'check-in';
  return (
    <div className={styles.refused}>
      <h1 className="cl-visually-hidden">{t('refused.title')}</h1>
      {mayCheckIn ? (
        <>
          <p className={styles.refusedWords}>{t('refused.notCheckedIn')}</p>
          <Button
            type="primary"
            size="large"
            loading={checkIn.isPending}
            onClick={() => checkIn.mutate({ params: { id: mine.id } }, { onSuccess: onRetry })}
          >
            {t('action.checkIn')}
          </Button>
          {checkIn.error && <ErrorNote error={checkIn.error} />}
        </>
      ) : (
        <>
          <ErrorState error={error} />
          {error.code === 'slot.over' && <Link to={`/slots/${slotId}/room`}>{t('refused.record')}</Link>}
          <Button type="primary" size="large" onClick={() => void navigate('/seats')}>
            {t('action.seats')}
          </Button>
        </>
      )}
      <Button type="link" onClick={() => void navigate('/')}>
        {t('action.backToToday')}
      </Button>
    </div>
  );
}
