import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Slot } from '#contract/seats.ts';
import { useMay } from '../../app/session.tsx';

/** The way to what a room wrote, once its slot is over, for those who may read it. */
export function RoomRecordLink({ slot, was, over }: { slot: Slot; was: boolean; over: boolean }) {
  const { t } = useTranslation('rooms');
  const may = useMay();
  const reads =
    was || may('rooms.host', { lineId: slot.lineId }) || may('notes.review', { lineId: slot.lineId });
  if (!over || !reads) return null;
  return <Link to={`/slots/${slot.id}/room`}>{t('record.open')}</Link>;
}
