import { Button, Form, Input, Select } from 'antd';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { decisionsEndpoints } from '#contract/decisions.ts';
import { type Meeting, meetingLimits, meetingsEndpoints } from '#contract/meetings.ts';
import { newIdempotencyKey } from '../../app/api.ts';
import { asApiError } from '../../app/api-error.ts';
import { useApiCommand } from '../../app/queries.ts';
import { serverNow } from '../../app/server-clock.ts';
import { usePerson } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { Section } from '../../ui/page.tsx';
import { EmptyState, ErrorNote } from '../../ui/states.tsx';
import { ActionRow } from './action-row.tsx';
import styles from './meetings.module.css';

const dayMs = 86_400_000;

/** What was decided, and the form by which a decision becomes somebody's action with a day. */
export function Actions({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings');
  const person = usePerson();
  const { actions, agenda, state, mine } = meeting;
  return (
    <Section title={t('actions.heading')} flush>
      {actions.length === 0 ? (
        <EmptyState title={t('actions.empty')}>{t('actions.emptyBody')}</EmptyState>
      ) : (
        <ul data-testid="actions">
          {actions.map((action) => (
            <ActionRow
              key={action.id}
              action={action}
              item={agenda.find(({ id }) => id === action.itemId) ?? null}
              mayClose={mine || action.owner.id === person.id}
            />
          ))}
        </ul>
      )}
      {state !== 'cancelled' && <Decide meeting={meeting} />}
    </Section>
  );
}

interface Fields {
  /** Empty: of no moment by itself. */
  itemId: string;
  text: string;
  ownerId: string;
  dueOn: string;
}

function Decide({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings');
  const local = useLocalText();
  const announce = useAnnounce();
  const [form] = Form.useForm<Fields>();
  const decide = useApiCommand(meetingsEndpoints.decide, {
    refresh: [
      meetingsEndpoints.show,
      meetingsEndpoints.myActions,
      meetingsEndpoints.list,
      decisionsEndpoints.ofRecording,
    ],
  });
  const key = useRef<string | null>(null);
  const people = [meeting.organiser, ...meeting.invitees];
  const submit = (fields: Fields) => {
    key.current ??= newIdempotencyKey();
    decide.mutate(
      {
        params: { id: meeting.id },
        body: { ...fields, itemId: fields.itemId || null, idempotencyKey: key.current },
      },
      {
        onSuccess: ({ owner }) => {
          key.current = null;
          form.resetFields();
          announce(t('actions.decided', { name: local(owner.name) }));
        },
        onError: (error) => {
          if (asApiError(error).status !== 0) key.current = null;
        },
      },
    );
  };
  const required = [{ required: true, message: t('actions.missing') }];
  const inAFortnight = new Date(serverNow() + 14 * dayMs).toISOString().slice(0, 10);
  return (
    <Form<Fields>
      form={form}
      layout="vertical"
      requiredMark={false}
      className={styles.decide ?? ''}
      initialValues={{ itemId: '', text: '', ownerId: people[1]?.id ?? people[0]?.id, dueOn: inAFortnight }}
      onFinish={submit}
    >
      <Form.Item
        name="text"
        label={t('actions.text')}
        rules={[{ required: true, whitespace: true, message: t('actions.missing') }]}
      >
        <Input.TextArea autoSize={{ minRows: 1, maxRows: 4 }} maxLength={meetingLimits.action} />
      </Form.Item>
      <Form.Item name="itemId" label={t('actions.item')}>
        <Select
          options={[
            { value: '', label: t('actions.noItem') },
            ...meeting.agenda.flatMap(({ id, title, gone }, index) =>
              gone ? [] : [{ value: id, label: `${index + 1}. ${title}` }],
            ),
          ]}
        />
      </Form.Item>
      <div className={styles.fields}>
        <Form.Item name="ownerId" label={t('actions.owner')} rules={required}>
          <Select options={people.map(({ id, name }) => ({ value: id, label: local(name) }))} />
        </Form.Item>
        <Form.Item name="dueOn" label={t('actions.due')} rules={required}>
          <Input type="date" />
        </Form.Item>
      </div>
      {decide.error && (
        <Form.Item>
          <ErrorNote error={decide.error} />
        </Form.Item>
      )}
      <Button htmlType="submit" loading={decide.isPending} data-testid="decide">
        {t('actions.decide')}
      </Button>
    </Form>
  );
}
