import { ConfigProvider, type ThemeConfig } from 'antd';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { usePageTitle } from '../../ui/page.tsx';
import { LoadingRows } from '../../ui/states.tsx';
import { paletteVariables, roomPalette } from '../../ui/theme/palette.ts';
import { RoomTheme } from '../../ui/theme/theme.tsx';
import type { ListeningSession } from './listening-session.ts';
import styles from './live-room.module.css';
import { LiveRoom } from './live-room.tsx';
import { RefusedRoom } from './refused-room.tsx';
import { useListeningSession } from './use-listening-session.ts';

/** What is the customer saying? Dark and quiet, whatever the rest of the app looks like. */
export function LiveRoomPage() {
  const { slotId = '' } = useParams();
  const { t } = useTranslation('listening');
  usePageTitle(t('title'));
  const session = useListeningSession(slotId);
  const main = useRef<HTMLElement>(null);
  // Keyboard and screen reader start here, not where the link was.
  useEffect(() => main.current?.focus({ preventScroll: true }), []);
  return (
    <RoomTheme className={styles.page ?? ''}>
      <ConfigProvider theme={seenInTheDark}>
        <DarkDocument />
        <main ref={main} tabIndex={-1} className={styles.frame} data-testid="live-room">
          {session ? <Visit session={session} slotId={slotId} /> : <Opening />}
        </main>
      </ConfigProvider>
    </RoomTheme>
  );
}

function Visit({ session, slotId }: { session: ListeningSession; slotId: string }) {
  const state = useSyncExternalStore(session.subscribe, session.snapshot);
  if (state.phase === 'refused' && state.error) {
    return <RefusedRoom error={state.error} slotId={slotId} onRetry={() => void session.enter()} />;
  }
  if (!state.slot) return <Opening slow={state.error !== null} />;
  return <LiveRoom session={session} state={state} slot={state.slot} />;
}

function Opening({ slow = false }: { slow?: boolean }) {
  const { t } = useTranslation('listening');
  return (
    <div className={styles.opening}>
      <h1 className="cl-visually-hidden">{t('entering')}</h1>
      {slow && <p role="status">{t('enteringSlow')}</p>}
      <LoadingRows rows={3} height={120} />
    </div>
  );
}

/** What the general theme derives for these would hardly be seen on this ground. */
const seenInTheDark: ThemeConfig = {
  token: {
    // The ring around what has the focus.
    colorPrimaryBorder: roomPalette.primaryText,
    colorPrimaryHover: roomPalette.primary,
    colorBgSpotlight: roomPalette.raised,
  },
  components: {
    Slider: {
      railBg: roomPalette.border,
      railHoverBg: roomPalette.border,
      trackBg: roomPalette.muted,
      trackHoverBg: roomPalette.text,
      handleColor: roomPalette.muted,
      handleActiveColor: roomPalette.text,
      dotBorderColor: roomPalette.muted,
    },
  },
};

const dark = Object.entries(paletteVariables(roomPalette))
  .map(([name, value]) => `${name}:${value}!important`)
  .join(';');

/** The room fills the window, so what lies outside of it in the document (dialogs, menus, the edge of a scroll) is dark too. */
function DarkDocument() {
  return <style>{`html{${dark};color-scheme:dark!important}body{background:var(--cl-canvas)}`}</style>;
}
