import { RollbackOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Clip, clipsEndpoints } from '#contract/clips.ts';
import { meetingsEndpoints } from '#contract/meetings.ts';
import { useApiCommand } from '#web/app/queries.ts';
import { useMay, usePerson } from '#web/app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { ReasonDialog } from '../../ui/reason-dialog.tsx';
import styles from './clips.module.css';

/** For its maker and the CX team: asks why, says what becomes of it. */
export function WithdrawClip({ clip, name }: { clip: Clip; name: string }) {
  const { t } = useTranslation('clips');
  const may = useMay();
  const person = usePerson();
  const announce = useAnnounce();
  const [open, setOpen] = useState(false);
  const withdraw = useApiCommand(clipsEndpoints.withdraw, {
    refresh: [clipsEndpoints.list, meetingsEndpoints.show],
  });
  const { id, lineId, by, withdrawn } = clip;
  const mine = by.id === person.id && may('clips.cut', { lineId });
  if (withdrawn !== null || !(mine || may('clips.withdraw', { lineId }))) return null;
  const confirm = (reason: string) =>
    withdraw.mutate(
      { params: { id }, body: { reason } },
      {
        onSuccess: () => {
          setOpen(false);
          announce(t('withdraw.done'));
        },
      },
    );
  return (
    <>
      <Button
        type="text"
        size="small"
        icon={<RollbackOutlined />}
        aria-label={t('withdraw.openOf', { title: name })}
        title={t('withdraw.open')}
        onClick={() => setOpen(true)}
        data-testid="withdraw-clip"
      />
      <ReasonDialog
        open={open}
        title={t('withdraw.sure')}
        body={t('withdraw.what')}
        confirm={t('withdraw.do')}
        danger
        pending={withdraw.isPending}
        error={withdraw.error}
        onConfirm={confirm}
        onClose={() => setOpen(false)}
      />
    </>
  );
}

/** Who took it back, when, and why: in words, wherever it stood. */
export function Withdrawn({ withdrawal }: { withdrawal: NonNullable<Clip['withdrawn']> }) {
  const { t } = useTranslation('clips');
  const local = useLocalText();
  const format = useFormat();
  const { by, at, reason } = withdrawal;
  const when = format.dayAndTime(at);
  return <p className={styles.withdrawn}>{t('withdraw.by', { name: local(by.name), when, reason })}</p>;
}
