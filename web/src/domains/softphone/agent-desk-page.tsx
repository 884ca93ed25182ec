import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Call } from '#contract/calls.ts';
import { softphoneEndpoints } from '#contract/softphone.ts';
import { useApiCommand } from '../../app/queries.ts';
import { Page } from '../../ui/page.tsx';
import { LoadingRows } from '../../ui/states.tsx';
import { ActiveCall } from './active-call.tsx';
import { CallOver, StillOpen, TakenOver } from './between-calls.tsx';
import { HeardMe } from './heard-me.tsx';
import { forgetLink, keepLink, keptLink } from './kept-link.ts';
import { LeaveGuard } from './leave-guard.tsx';
import { OpenCall, type OpenedCall } from './open-call.tsx';
import { OwnCalls } from './own-calls.tsx';
import { OwnLiveCalls } from './own-live-calls.tsx';
import styles from './softphone.module.css';
import type { SoftphoneSession } from './softphone-session.ts';
import { useOwnCalls } from './use-own-calls.ts';
import { useCallAnnouncements, useSoftphone, useSoftphoneSession } from './use-softphone.ts';

/** Who is calling, and who heard me? */
export function AgentDeskPage() {
  const { t } = useTranslation('softphone');
  const session = useSoftphoneSession();
  return (
    <Page title={t('desk.title')} lead={t('desk.lead')}>
      <OwnLiveCalls />
      {session ? <Desk session={session} /> : <LoadingRows rows={1} height={240} />}
      <OwnCalls />
      <HeardMe />
    </Page>
  );
}

function Desk({ session }: { session: SoftphoneSession }) {
  const state = useSoftphone(session);
  useCallAnnouncements(state);
  const own = useOwnCalls();
  const end = useApiCommand(softphoneEndpoints.end, { refresh: [softphoneEndpoints.mine] });
  const [chosen, setChosen] = useState<Call | null>(null);
  const open = own.data?.calls.find((call) => call.origin === 'softphone' && call.state !== 'ended');

  const take = (call: Call) => {
    setChosen(call);
    void session.talk(call.id);
  };
  const opened = ({ call, link }: OpenedCall) => {
    keepLink(call.id, link);
    take(call);
  };
  const hangUp = async () => {
    if (chosen) forgetLink(chosen.id);
    await session.hangUp();
    void own.refetch();
  };
  const call = state.call ?? chosen;

  const body = () => {
    const here = state.phase !== 'idle' && state.phase !== 'ended';
    // A microphone that was refused or a join that failed: the call is open, and this page is still about it.
    const known = own.data?.calls.find(({ id }) => id === chosen?.id);
    const stuck = state.phase === 'idle' && chosen !== null && known?.state !== 'ended';
    if (call && (here || stuck)) {
      return (
        <ActiveCall
          session={session}
          state={state}
          call={own.data?.calls.find(({ id }) => id === call.id) ?? call}
          link={keptLink(call.id)}
          onTake={() => take(call)}
          onHangUp={() => (here ? void hangUp() : end.mutate({ params: { id: call.id } }))}
        />
      );
    }
    if (state.endedBy === 'another-window' && call && open?.id === call.id) {
      return <TakenOver onTake={() => take(call)} />;
    }
    // Our own list may be a moment behind the hang-up.
    if (open && open.id !== call?.id) {
      return (
        <StillOpen
          call={open}
          onTake={() => take(open)}
          onHangUp={() => end.mutate({ params: { id: open.id } })}
        />
      );
    }
    return (
      <>
        {state.phase === 'ended' && <CallOver talkedMs={state.talkedMs} />}
        <OpenCall onOpened={opened} />
      </>
    );
  };
  return (
    <div className={styles.desk} data-testid="desk-state" data-phase={state.phase} data-held={state.held}>
      {body()}
      <LeaveGuard session={session} busy={state.phase !== 'idle' && state.phase !== 'ended'} />
    </div>
  );
}
