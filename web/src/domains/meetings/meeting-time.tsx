import { Form, Input, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { dayNumber, minuteOfDay, zonedTime, zoneName } from '../../ui/format/time.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { useLines } from '../businesses/use-lines.ts';
import styles from './meetings.module.css';

export interface MeetingTime {
  /** 2026-03-31, and 14:30, on the wall of `zone`. */
  day: string;
  from: string;
  /** Minutes. */
  length: number;
  zone: string;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
const lengths = [15, 30, 45, 60, 90, 120];
const two = (value: number) => String(value).padStart(2, '0');

/** UTC ms of both ends. */
export function endsOf({ day, from, length, zone }: MeetingTime): { startsAt: number; endsAt: number } {
  const [hours = 0, minutes = 0] = from.split(':').map(Number);
  const startsAt = zonedTime(Date.parse(`${day}T00:00:00Z`) / dayMs, hours * 60 + minutes, zone);
  return { startsAt, endsAt: startsAt + length * minuteMs };
}

export function timeOf({
  startsAt,
  endsAt,
  zone,
}: {
  startsAt: number;
  endsAt: number;
  zone: string;
}): MeetingTime {
  const minute = minuteOfDay(startsAt, zone);
  return {
    day: new Date(dayNumber(startsAt, zone) * dayMs).toISOString().slice(0, 10),
    from: `${two(Math.floor(minute / 60))}:${two(minute % 60)}`,
    length: Math.round((endsAt - startsAt) / minuteMs),
    zone,
  };
}

/** Day, start, length and zone: four fields of the form around them. */
export function TimeFields({ at }: { at: number }) {
  const { t } = useTranslation('meetings');
  const { language, zone: mine } = useFormat();
  const { lines } = useLines();
  const chosen = Form.useWatch<string | undefined>('zone');
  const length = Form.useWatch<number | undefined>('length');
  const zones = [...new Set([mine, ...lines.map(({ zone }) => zone), ...(chosen ? [chosen] : [])])];
  const offered = length && !lengths.includes(length) ? [...lengths, length] : lengths;
  const required = [{ required: true, message: t('new.missing') }];
  return (
    <div className={styles.fields}>
      <Form.Item name="day" label={t('new.day')} rules={required}>
        <Input type="date" />
      </Form.Item>
      <Form.Item name="from" label={t('new.from')} rules={required}>
        <Input type="time" step={300} />
      </Form.Item>
      <Form.Item name="length" label={t('new.length')}>
        <Select options={offered.map((value) => ({ value, label: t('new.minutes', { count: value }) }))} />
      </Form.Item>
      <Form.Item name="zone" label={t('new.zone')}>
        <Select options={zones.map((zone) => ({ value: zone, label: zoneName(at, { zone, language }) }))} />
      </Form.Item>
    </div>
  );
}
