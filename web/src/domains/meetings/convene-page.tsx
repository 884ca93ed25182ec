import { ArrowDownOutlined, ArrowLeftOutlined, ArrowUpOutlined, CloseOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Form, Input } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import type { ResponseOf } from '#contract/endpoint.ts';
import { meetingLimits, meetingsEndpoints } from '#contract/meetings.ts';
import { call, newIdempotencyKey } from '../../app/api.ts';
import { type ApiError, asApiError } from '../../app/api-error.ts';
import { useApiCommand } from '../../app/queries.ts';
import { serverNow } from '../../app/server-clock.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { Page, Section } from '../../ui/page.tsx';
import { ErrorNote, ErrorState } from '../../ui/states.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { InviteePicker } from './invitee-picker.tsx';
import { endsOf, type MeetingTime, TimeFields, timeOf } from './meeting-time.tsx';
import styles from './meetings.module.css';
import { MomentPicker } from './moment-picker.tsx';
import { momentOf } from './picked-moments.ts';

type Proposal = ResponseOf<typeof meetingsEndpoints.propose>;

interface Fields extends MeetingTime {
  title: string;
  place: string;
}

const hourMs = 3_600_000;

/** What the moments are, and who answers for them; asked anew whenever one is picked. */
function useProposal(keys: readonly string[]) {
  const moments = keys.flatMap((key) => momentOf(key) ?? []);
  return useQuery<Proposal, ApiError>({
    queryKey: [meetingsEndpoints.propose.id, keys],
    queryFn: ({ signal }) => call(meetingsEndpoints.propose, { body: { moments } }, { signal }),
    enabled: moments.length > 0,
    placeholderData: (before) => before,
  });
}

/** Pick moments, see who answers for them, say when and where: the invitations go out. */
export function ConvenePage() {
  const { t } = useTranslation('meetings');
  const format = useFormat();
  const announce = useAnnounce();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [keys, setKeys] = useState(() => search.getAll('moment').filter((key) => momentOf(key) !== null));
  const [declined, setDeclined] = useState<readonly string[]>([]);
  const [added, setAdded] = useState<readonly string[]>([]);
  const proposal = useProposal(keys);
  const plan = useApiCommand(meetingsEndpoints.plan, { refresh: [meetingsEndpoints.list] });
  const idempotencyKey = useRef<string | null>(null);
  const shown = keys.length > 0 ? proposal.data : undefined;
  const asked = [
    ...(shown?.invitees.map(({ id }) => id).filter((id) => !declined.includes(id)) ?? []),
    ...added,
  ];
  const submit = (fields: Fields) => {
    idempotencyKey.current ??= newIdempotencyKey();
    const moments = keys.flatMap((key) => momentOf(key) ?? []);
    const { title, place, zone } = fields;
    const body = { title, place, zone, ...endsOf(fields), moments, invitees: asked };
    plan.mutate(
      { body: { ...body, idempotencyKey: idempotencyKey.current } },
      {
        onSuccess: ({ id }) => {
          announce(t('new.asked'));
          void navigate(`/meetings/${id}`);
        },
        onError: (error) => {
          if (asApiError(error).status !== 0) idempotencyKey.current = null;
        },
      },
    );
  };
  // Tomorrow at this hour: a time that mostly fits better than now.
  const tomorrow = Math.ceil(serverNow() / hourMs) * hourMs + 24 * hourMs;
  const initial = {
    title: '',
    place: '',
    ...timeOf({ startsAt: tomorrow, endsAt: tomorrow + hourMs, zone: format.zone }),
  };
  return (
    <Page
      title={t('new.title')}
      lead={t('new.lead')}
      wide
      actions={
        <Link to="/meetings">
          <ArrowLeftOutlined aria-hidden /> {t('back')}
        </Link>
      }
    >
      <div className={styles.columns}>
        <div className={styles.column}>
          <Section title={t('new.pick')} flush>
            <MomentPicker
              picked={keys}
              onToggle={(key, on) =>
                setKeys((now) => (on ? [...now, key] : now.filter((other) => other !== key)))
              }
            />
          </Section>
          {keys.length > 0 && (
            <Section title={t('new.agenda')} flush>
              {proposal.error && !shown ? (
                <ErrorState error={proposal.error} onRetry={() => void proposal.refetch()} />
              ) : (
                <Agenda keys={keys} onChange={setKeys} moments={shown?.moments ?? []} />
              )}
            </Section>
          )}
        </div>
        <div className={styles.column}>
          <Section title={t('new.invitees')} flush>
            <InviteePicker
              proposal={shown ?? null}
              declined={declined}
              added={added}
              onDeclined={setDeclined}
              onAdded={setAdded}
            />
          </Section>
          <Section title={t('when')}>
            <Form<Fields> layout="vertical" requiredMark={false} initialValues={initial} onFinish={submit}>
              <Form.Item
                name="title"
                label={t('new.name')}
                rules={[{ required: true, whitespace: true, message: t('new.nameMissing') }]}
              >
                <Input maxLength={meetingLimits.title} />
              </Form.Item>
              <TimeFields at={tomorrow} />
              <Form.Item name="place" label={t('new.place')} extra={t('new.placeHint')}>
                <Input maxLength={meetingLimits.place} />
              </Form.Item>
              {plan.error && (
                <Form.Item>
                  <ErrorNote error={plan.error} />
                </Form.Item>
              )}
              <Button
                type="primary"
                size="large"
                block
                htmlType="submit"
                loading={plan.isPending}
                disabled={keys.length === 0}
                data-testid="ask"
              >
                {t('new.ask')}
              </Button>
            </Form>
          </Section>
        </div>
      </div>
    </Page>
  );
}

/** The picked moments in their order, with the ways to change it. */
function Agenda({
  keys,
  moments,
  onChange,
}: {
  keys: readonly string[];
  moments: Proposal['moments'];
  onChange: (keys: string[]) => void;
}) {
  const { t } = useTranslation('meetings');
  const format = useFormat();
  const { lineName } = useLines();
  const move = (from: number, by: number) => {
    const next = [...keys];
    const [key] = next.splice(from, 1);
    if (key !== undefined) next.splice(from + by, 0, key);
    onChange(next);
  };
  return (
    <ol data-testid="picked">
      {keys.map((key, index) => {
        // The answer to the last change may still be on its way.
        const moment = moments.length === keys.length ? moments[index] : undefined;
        const title = moment?.title ?? '…';
        return (
          <li key={key} className={styles.row}>
            <span className={styles.number}>{index + 1}</span>
            <div className={styles.words}>
              <p className={styles.strong}>{title}</p>
              {moment && (
                <p className={styles.meta}>
                  {lineName(moment.lineId)} · {format.clockLength(moment.toMs - moment.fromMs)}
                </p>
              )}
            </div>
            <div className={styles.buttons}>
              <Button
                size="small"
                type="text"
                icon={<ArrowUpOutlined />}
                disabled={index === 0}
                aria-label={t('new.up', { title })}
                onClick={() => move(index, -1)}
              />
              <Button
                size="small"
                type="text"
                icon={<ArrowDownOutlined />}
                disabled={index === keys.length - 1}
                aria-label={t('new.down', { title })}
                onClick={() => move(index, 1)}
              />
              <Button
                size="small"
                type="text"
                icon={<CloseOutlined />}
                aria-label={t('new.takeOff', { title })}
                onClick={() => onChange(keys.filter((other) => other !== key))}
              />
            </div>
          </li>
        );
      })}
    </ol>
  );
}
