import { Button, Drawer, Form, InputNumber, Select } from 'antd';
import { useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Slot } from '#contract/seats.ts';
import { newIdempotencyKey } from '../../app/api.ts';
import { asApiError } from '../../app/api-error.ts';
import { serverNow } from '../../app/server-clock.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { calendarDay, dayNumber, minuteOfDay, zonedTime, zoneName } from '../../ui/format/time.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { ErrorNote } from '../../ui/states.tsx';
import { useIsPhone } from '../../ui/use-media-query.ts';
import { useLines } from '../businesses/use-lines.ts';
import { usePlanSlot } from './use-seats.ts';

interface Plan {
  lineId: string;
  /** Days since 1970 in the line's zone. */
  day: number;
  /** Minutes since midnight there. */
  minute: number;
  length: number;
  seats: number;
}

const daysAhead = 28;
const lengths = [30, 45, 60, 90, 120];
const minuteMs = 60_000;

/** The host plans a slot. Day and time are the wall clock of the line's own zone. */
export function PlanSlot({
  open,
  onClose,
  onPlanned,
}: {
  open: boolean;
  onClose: () => void;
  onPlanned: (slot: Slot) => void;
}) {
  const { t } = useTranslation('seats');
  const phone = useIsPhone();
  return (
    <Drawer
      open={open}
      onClose={onClose}
      title={t('plan.title')}
      placement={phone ? 'bottom' : 'right'}
      size={phone ? 'auto' : 400}
      destroyOnHidden
    >
      <PlanForm onPlanned={onPlanned} />
    </Drawer>
  );
}

function PlanForm({ onPlanned }: { onPlanned: (slot: Slot) => void }) {
  const { t } = useTranslation('seats');
  const local = useLocalText();
  const format = useFormat();
  const announce = useAnnounce();
  const { lines, lineName } = useLines();
  const [form] = Form.useForm<Plan>();
  const plan = usePlanSlot();
  const key = useRef<string | null>(null);
  const lineId = Form.useWatch('lineId', form);
  const zone = lines.find((line) => line.id === lineId)?.zone ?? lines[0]?.zone ?? format.zone;
  const { language } = format;
  const days = useMemo(() => {
    const now = serverNow();
    const today = dayNumber(now, zone);
    return Array.from({ length: daysAhead }, (_, offset) => ({
      value: today + offset,
      label: calendarDay(zonedTime(today + offset, 12 * 60, zone), { now, zone, language }),
    }));
  }, [zone, language]);

  const submit = ({ lineId: line, day, minute, length, seats }: Plan) => {
    const startsAt = zonedTime(day, minute, zone);
    key.current ??= newIdempotencyKey();
    const body = {
      lineId: line,
      startsAt,
      endsAt: startsAt + length * minuteMs,
      zone,
      seats,
      idempotencyKey: key.current,
    };
    plan.mutate(
      { body },
      {
        onSuccess: (slot) => {
          const when = format.span(slot.startsAt, slot.endsAt);
          announce(t('plan.done', { line: lineName(slot.lineId), when }));
          onPlanned(slot);
        },
        onError: (error) => {
          if (asApiError(error).status !== 0) key.current = null;
        },
      },
    );
  };

  const now = serverNow();
  const nextQuarter = Math.ceil((minuteOfDay(now, zone) + 1) / 15) * 15;
  // Late in the evening the next quarter belongs to tomorrow.
  const startToday = nextQuarter < 24 * 60;
  const required = [{ required: true, message: t('plan.missing') }];
  return (
    <Form<Plan>
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={{
        lineId: lines[0]?.id,
        day: dayNumber(now, zone) + (startToday ? 0 : 1),
        minute: startToday ? nextQuarter : 9 * 60,
        length: 60,
        seats: 5,
      }}
      onFinish={submit}
    >
      <Form.Item
        name="lineId"
        label={t('plan.line')}
        rules={required}
        extra={t('plan.zone', { zone: zoneName(now, { zone, language }) })}
      >
        <Select options={lines.map((line) => ({ value: line.id, label: local(line.name) }))} />
      </Form.Item>
      <Form.Item name="day" label={t('plan.day')} rules={required}>
        <Select options={days} />
      </Form.Item>
      <Form.Item
        name="minute"
        label={t('plan.from')}
        dependencies={['day']}
        rules={[
          ...required,
          ({ getFieldValue }) => ({
            validator: async (_, minute: number) => {
              const startsAt = zonedTime(getFieldValue('day') as number, minute, zone);
              if (startsAt <= serverNow()) throw new Error(t('plan.past'));
            },
          }),
        ]}
      >
        <Select options={quarters} />
      </Form.Item>
      <Form.Item name="length" label={t('plan.length')} rules={required}>
        <Select options={lengths.map((value) => ({ value, label: t('plan.minutes', { count: value }) }))} />
      </Form.Item>
      <Form.Item name="seats" label={t('plan.seats')} rules={required}>
        {/* Its two arrows have English names in every language; the keyboard's do the same. */}
        <InputNumber min={1} max={200} precision={0} controls={false} style={{ width: '100%' }} />
      </Form.Item>
      {plan.error && (
        <Form.Item>
          <ErrorNote error={plan.error} />
        </Form.Item>
      )}
      <Button type="primary" size="large" block htmlType="submit" loading={plan.isPending}>
        {t('plan.submit')}
      </Button>
    </Form>
  );
}

const quarters = Array.from({ length: 96 }, (_, quarter) => {
  const minute = quarter * 15;
  const two = (value: number) => String(value).padStart(2, '0');
  return { value: minute, label: `${two(Math.floor(minute / 60))}:${two(minute % 60)}` };
});
