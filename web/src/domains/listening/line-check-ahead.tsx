import { Button, Modal } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Slot } from '#contract/seats.ts';
import { usePerson } from '../../app/session.tsx';
import { LoadingRows } from '../../ui/states.tsx';

// What tries the way brings WebRTC along, which only this needs.
const LineCheck = lazy(() => import('./line-check.tsx').then((module) => ({ default: module.LineCheck })));

/** Days before one listens: whether sound will get to this desk, while there is still time to ask IT. */
export function LineCheckAhead({ slot }: { slot: Slot }) {
  const { t } = useTranslation('lines');
  const person = usePerson();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button type="link" onClick={() => setOpen(true)}>
        {t('check.ahead')}
      </Button>
      <Modal
        open={open}
        onCancel={() => setOpen(false)}
        footer={null}
        title={t('check.ahead')}
        width={440}
        destroyOnHidden
      >
        <Suspense fallback={<LoadingRows rows={1} height={96} />}>
          <LineCheck delayed={person.ear === 'delayed' || slot.ear === 'delayed'} />
        </Suspense>
      </Modal>
    </>
  );
}
