import { Button, Drawer, Form, Input, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type HoldScope, retentionEndpoints } from '#contract/retention.ts';
import { useApiCommand } from '../../app/queries.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { zonedTime } from '../../ui/format/time.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { ErrorNote } from '../../ui/states.tsx';
import { useIsPhone } from '../../ui/use-media-query.ts';
import { useLines } from '../businesses/use-lines.ts';
import styles from './retention.module.css';
import { dayMs } from './retention-words.ts';

/** Places a hold on everything that fits what is filled in. */
export function HoldDrawer({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('retention');
  const phone = useIsPhone();
  return (
    <Drawer
      open={open}
      onClose={onClose}
      title={t('holds.title')}
      placement={phone ? 'bottom' : 'right'}
      size={phone ? 'auto' : 420}
      destroyOnHidden
    >
      <HoldForm onDone={onClose} />
    </Drawer>
  );
}

interface Fields {
  line?: string;
  words?: string;
  from?: string;
  to?: string;
  reason: string;
}

function HoldForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation('retention');
  const local = useLocalText();
  const { zone } = useFormat();
  const { lines } = useLines();
  const [nothing, setNothing] = useState(false);
  const place = usePlaceHold();
  const submit = (given: Fields) => {
    const scope = scopeOf(given, zone);
    setNothing(scope === null);
    if (scope) place.mutate({ body: { scope, reason: given.reason.trim() } });
  };
  if (place.data) return <Placed answer={place.data} onDone={onDone} />;
  return (
    <Form<Fields> layout="vertical" requiredMark={false} initialValues={{ reason: '' }} onFinish={submit}>
      <p className={styles.intro}>{t('holds.body')}</p>
      <Form.Item name="line" label={t('form.line')}>
        <Select
          allowClear
          placeholder={t('anyLine')}
          options={lines.map((line) => ({ value: line.id, label: local(line.name) }))}
        />
      </Form.Item>
      <Form.Item name="words" label={t('holds.words')} extra={t('holds.wordsWhy')}>
        <Input maxLength={100} />
      </Form.Item>
      <div className={styles.two}>
        <Form.Item name="from" label={t('holds.from')}>
          <Input type="date" />
        </Form.Item>
        <Form.Item name="to" label={t('holds.to')}>
          <Input type="date" />
        </Form.Item>
      </div>
      <Form.Item
        name="reason"
        label={t('form.reason')}
        extra={t('form.reasonWhy')}
        rules={[
          {
            validator: async (_, value: string) => {
              if (value.trim().length < 3) throw new Error(t('form.reasonShort'));
            },
          },
        ]}
      >
        <Input.TextArea rows={3} maxLength={500} />
      </Form.Item>
      {nothing && (
        <p className={styles.wrong} role="alert">
          {t('holds.nothing')}
        </p>
      )}
      {place.error && (
        <Form.Item>
          <ErrorNote error={place.error} />
        </Form.Item>
      )}
      <Button type="primary" size="large" block htmlType="submit" loading={place.isPending}>
        {t('holds.place')}
      </Button>
    </Form>
  );
}

export function usePlaceHold() {
  const { t } = useTranslation('retention');
  const announce = useAnnounce();
  const place = useApiCommand(retentionEndpoints.placeHold, {
    refresh: [
      retentionEndpoints.holds,
      retentionEndpoints.preview,
      retentionEndpoints.events,
      retentionEndpoints.recording,
    ],
  });
  return {
    ...place,
    mutate: (
      input: Parameters<typeof place.mutate>[0],
      { onSuccess }: { onSuccess?: () => void } = {},
    ): void =>
      place.mutate(input, {
        onSuccess: ({ covered }) => {
          announce(t('holds.placed', { count: covered }));
          onSuccess?.();
        },
      }),
  };
}

function Placed({ answer, onDone }: { answer: { covered: number; tooLate: number }; onDone: () => void }) {
  const { t } = useTranslation('retention');
  const app = useTranslation('app');
  return (
    <div className={styles.dialog}>
      <p className={styles.strong}>{t('holds.placed', { count: answer.covered })}</p>
      {answer.tooLate > 0 && <p>{t('holds.tooLate', { count: answer.tooLate })}</p>}
      <Button type="primary" onClick={onDone}>
        {app.t('close')}
      </Button>
    </div>
  );
}

/** Days are whole, in the zone of whoever fills them in. */
function scopeOf({ line, words, from, to }: Fields, zone: string): HoldScope | null {
  const startOf = (day: string) => zonedTime(Date.parse(`${day}T00:00:00Z`) / dayMs, 0, zone);
  const trimmed = words?.trim();
  const scope: HoldScope = {
    ...(line && { lineId: line }),
    ...(trimmed && { words: trimmed }),
    ...(from && { from: startOf(from) }),
    ...(to && { to: startOf(to) + dayMs - 1 }),
  };
  return Object.keys(scope).length > 0 ? scope : null;
}
