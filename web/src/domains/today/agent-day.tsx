import { PhoneOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '#contract/endpoint.ts';
import type { softphoneEndpoints } from '#contract/softphone.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { EmptyState } from '../../ui/states.tsx';
import { OwnCalls } from '../softphone/own-calls.tsx';
import { OwnLiveCalls } from '../softphone/own-live-calls.tsx';
import { useOwnCalls } from '../softphone/use-own-calls.ts';
import { AgentStart } from './role-starts.tsx';
import styles from './today.module.css';

/** An agent's day: the call that is on with its pause, the way to the desk, and who heard which call. */
export function AgentDay() {
  const { t } = useTranslation('today');
  return (
    <>
      <OwnLiveCalls
        all
        none={
          <section className={styles.quiet} aria-label={t('agent.nobody')}>
            <EmptyState icon={<PhoneOutlined />} title={t('agent.nobody')}>
              {t('agent.nobodyBody')}
            </EmptyState>
          </section>
        }
      />
      <AgentStart />
      <OwnCalls lead={<DaySoFar />} />
    </>
  );
}

type OwnCall = ResponseOf<typeof softphoneEndpoints.mine>['calls'][number];

const talkedMs = ({ startedAt, endedAt }: OwnCall): number =>
  startedAt !== null && endedAt !== null ? endedAt - startedAt : 0;

/** How many calls, how long, and how many of them somebody heard. */
function DaySoFar() {
  const { t } = useTranslation('today');
  const format = useFormat();
  const calls = useOwnCalls().data?.calls.filter(({ startedAt }) => startedAt !== null) ?? [];
  if (calls.length === 0) return null;
  const length = format.spokenLength(calls.reduce((sum, call) => sum + talkedMs(call), 0));
  const heard = calls.filter(({ heardBy }) => heardBy.length > 0).length;
  return (
    <p className={styles.day}>
      {t('agent.day', { count: calls.length, length })} {t('agent.heard', { count: heard })}
    </p>
  );
}
