import { Button, Drawer, Form, Input, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { type Meeting, meetingLimits, meetingsEndpoints } from '#contract/meetings.ts';
import { useApiCommand, useApiQuery } from '../../app/queries.ts';
import { useLocalText } from '../../i18n/language.ts';
import { ErrorNote } from '../../ui/states.tsx';
import { useIsPhone } from '../../ui/use-media-query.ts';
import { endsOf, type MeetingTime, TimeFields, timeOf } from './meeting-time.tsx';
import styles from './meetings.module.css';

interface Fields extends MeetingTime {
  title: string;
  place: string;
  invitees: string[];
}

/** Another time, place, title, or other people; everybody is told by an update of the invitation. */
export function EditMeeting({
  meeting,
  open,
  onClose,
}: {
  meeting: Meeting;
  open: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation('meetings');
  const phone = useIsPhone();
  return (
    <Drawer
      open={open}
      onClose={onClose}
      title={t('edit')}
      placement={phone ? 'bottom' : 'right'}
      size={phone ? 'auto' : 480}
      destroyOnHidden
    >
      <EditForm meeting={meeting} onDone={onClose} />
    </Drawer>
  );
}

function EditForm({ meeting, onDone }: { meeting: Meeting; onDone: () => void }) {
  const { t } = useTranslation('meetings');
  const local = useLocalText();
  const { id, revision, title, place, invitees, startsAt } = meeting;
  const change = useApiCommand(meetingsEndpoints.change, {
    refresh: [meetingsEndpoints.show, meetingsEndpoints.list],
  });
  const people = useApiQuery(meetingsEndpoints.people, {});
  const submit = ({ title: name, place: where, zone, invitees: asked, ...time }: Fields) =>
    change.mutate(
      {
        params: { id },
        body: { revision, title: name, place: where, zone, invitees: asked, ...endsOf({ ...time, zone }) },
      },
      { onSuccess: onDone },
    );
  const known = new Map([...(people.data?.people ?? []), ...invitees].map((one) => [one.id, one]));
  return (
    <Form<Fields>
      layout="vertical"
      requiredMark={false}
      initialValues={{ title, place, invitees: invitees.map((one) => one.id), ...timeOf(meeting) }}
      onFinish={submit}
    >
      <Form.Item
        name="title"
        label={t('new.name')}
        rules={[{ required: true, whitespace: true, message: t('new.nameMissing') }]}
      >
        <Input maxLength={meetingLimits.title} />
      </Form.Item>
      <TimeFields at={startsAt} />
      <Form.Item name="place" label={t('new.place')} extra={t('new.placeHint')}>
        <Input maxLength={meetingLimits.place} />
      </Form.Item>
      <Form.Item name="invitees" label={t('new.invitees')}>
        <Select<string[]>
          mode="multiple"
          className={styles.wideSelect ?? ''}
          optionFilterProp="label"
          options={[...known.values()].map((one) => ({
            value: one.id,
            label: `${local(one.name)} · ${local(one.title)}`,
          }))}
        />
      </Form.Item>
      {change.error && (
        <Form.Item>
          <ErrorNote error={change.error} />
        </Form.Item>
      )}
      <Button type="primary" size="large" block htmlType="submit" loading={change.isPending}>
        {t('save')}
      </Button>
    </Form>
  );
}
