import { Button, Checkbox, Drawer, Form, Input, InputNumber, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type RetentionPolicy,
  type RetentionRule,
  recordingClass,
  retentionEndpoints,
} from '#contract/retention.ts';
import { useApiCommand, useApiQuery } from '../../app/queries.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { ReasonDialog } from '../../ui/reason-dialog.tsx';
import { ErrorNote } from '../../ui/states.tsx';
import { useIsPhone } from '../../ui/use-media-query.ts';
import { useLines } from '../businesses/use-lines.ts';
import styles from './retention.module.css';

const refresh = [retentionEndpoints.policies, retentionEndpoints.preview, retentionEndpoints.events];

/** Sets a rule. Before it is saved it says what it would delete. */
export function PolicyDrawer({
  policy,
  onClose,
}: {
  policy: RetentionPolicy | 'new' | null;
  onClose: () => void;
}) {
  const { t } = useTranslation('retention');
  const phone = useIsPhone();
  return (
    <Drawer
      open={policy !== null}
      onClose={onClose}
      title={t(policy === 'new' ? 'form.addTitle' : 'form.editTitle')}
      placement={phone ? 'bottom' : 'right'}
      size={phone ? 'auto' : 420}
      destroyOnHidden
    >
      {policy !== null && <PolicyForm policy={policy === 'new' ? null : policy} onDone={onClose} />}
    </Drawer>
  );
}

interface Fields {
  line: string;
  class: string;
  floor: number;
  ceiling: number | null;
  forever: boolean;
  reason: string;
}

/** In a select there is no null: this stands for "all". */
const all = '';

function PolicyForm({ policy, onDone }: { policy: RetentionPolicy | null; onDone: () => void }) {
  const { t } = useTranslation('retention');
  const local = useLocalText();
  const announce = useAnnounce();
  const { lines } = useLines();
  const [form] = Form.useForm<Fields>();
  const save = useApiCommand(retentionEndpoints.savePolicy, { refresh });
  const fields = Form.useWatch([], form) as Partial<Fields> | undefined;
  const rule = ruleOf(fields);
  const submit = (given: Fields) => {
    const set = ruleOf(given);
    if (!set) return;
    save.mutate(
      { body: { rule: set, reason: given.reason.trim() } },
      {
        onSuccess: () => {
          announce(t('form.saved'));
          onDone();
        },
      },
    );
  };
  const required = [{ required: true, message: t('form.missing') }];
  return (
    <Form<Fields>
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={{
        line: policy?.lineId ?? all,
        class: policy?.recordingClass ?? all,
        floor: policy?.floorDays ?? 0,
        ceiling: policy ? policy.ceilingDays : 180,
        forever: policy !== null && policy.ceilingDays === null,
        reason: '',
      }}
      onFinish={submit}
    >
      <Form.Item name="line" label={t('form.line')}>
        <Select
          disabled={policy !== null}
          options={[
            { value: all, label: t('anyLine') },
            ...lines.map((line) => ({ value: line.id, label: local(line.name) })),
          ]}
        />
      </Form.Item>
      <Form.Item name="class" label={t('form.class')}>
        <Select
          disabled={policy !== null}
          options={[
            { value: all, label: t('anyClass') },
            ...recordingClass.options.map((value) => ({ value, label: t(`class.${value}`) })),
          ]}
        />
      </Form.Item>
      <Form.Item name="floor" label={t('form.floor')} rules={required} extra={t('form.floorWhy')}>
        <InputNumber min={0} max={36_500} precision={0} controls={false} style={{ width: '100%' }} />
      </Form.Item>
      <Form.Item
        name="ceiling"
        label={t('form.ceiling')}
        dependencies={['floor', 'forever']}
        rules={[
          ({ getFieldValue }) => ({
            validator: async (_, ceiling: number | null) => {
              if (getFieldValue('forever')) return;
              if (ceiling === null || ceiling === undefined) throw new Error(t('form.missing'));
              if (ceiling < Number(getFieldValue('floor'))) throw new Error(t('form.below'));
            },
          }),
        ]}
      >
        <InputNumber
          min={1}
          max={36_500}
          precision={0}
          controls={false}
          disabled={fields?.forever ?? false}
          style={{ width: '100%' }}
        />
      </Form.Item>
      <Form.Item name="forever" valuePropName="checked">
        <Checkbox>{t('form.forever')}</Checkbox>
      </Form.Item>
      {rule && <Preview rule={rule} />}
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
      {save.error && (
        <Form.Item>
          <ErrorNote error={save.error} />
        </Form.Item>
      )}
      <Button type="primary" size="large" block htmlType="submit" loading={save.isPending}>
        {t('form.save')}
      </Button>
      {policy?.updatedBy && <Removal policy={policy} onDone={onDone} />}
    </Form>
  );
}

/** The rule as far as it is filled in; null while it makes no sense. */
function ruleOf(fields: Partial<Fields> | undefined): RetentionRule | null {
  if (!fields || typeof fields.floor !== 'number') return null;
  const ceilingDays = fields.forever ? null : (fields.ceiling ?? undefined);
  if (ceilingDays === undefined || (ceilingDays !== null && ceilingDays < fields.floor)) return null;
  const chosen = recordingClass.safeParse(fields.class);
  return {
    lineId: fields.line || null,
    recordingClass: chosen.success ? chosen.data : null,
    floorDays: fields.floor,
    ceilingDays,
  };
}

/** What saving would do, by the server's dry run. */
function Preview({ rule }: { rule: RetentionRule }) {
  const { t } = useTranslation('retention');
  const format = useFormat();
  const { data } = useApiQuery(
    retentionEndpoints.preview,
    { body: { draft: rule, limit: 1 } },
    { keepPrevious: true },
  );
  return (
    <p className={styles.preview} role="status">
      {data
        ? t('form.preview', { count: data.due.recordings, bytes: format.bytes(data.due.bytes) })
        : t('form.previewing')}
    </p>
  );
}

function Removal({ policy, onDone }: { policy: RetentionPolicy; onDone: () => void }) {
  const { t } = useTranslation('retention');
  const announce = useAnnounce();
  const [asked, setAsked] = useState(false);
  const remove = useApiCommand(retentionEndpoints.removePolicy, { refresh });
  return (
    <>
      <Button type="text" danger block className={styles.removal ?? ''} onClick={() => setAsked(true)}>
        {t('form.remove')}
      </Button>
      <ReasonDialog
        open={asked}
        title={t('form.remove')}
        body={t('form.removeWhy')}
        confirm={t('form.remove')}
        danger
        pending={remove.isPending}
        error={remove.error}
        onClose={() => setAsked(false)}
        onConfirm={(reason) =>
          remove.mutate(
            { params: { id: policy.id }, body: { reason } },
            {
              onSuccess: () => {
                announce(t('form.removed'));
                onDone();
              },
            },
          )
        }
      />
    </>
  );
}
