import { CaretRightFilled } from '@ant-design/icons';
import { Button, Input } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import {
  type Action,
  type AgendaItem,
  type Meeting,
  meetingLimits,
  meetingsEndpoints,
} from '#contract/meetings.ts';
import { useApiCommand } from '../../app/queries.ts';
import { useMay } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { Section } from '../../ui/page.tsx';
import { EmptyState, ErrorNote } from '../../ui/states.tsx';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { MaskingNote } from '../clips/masking-note.tsx';
import { Withdrawn } from '../clips/withdraw-clip.tsx';
import { useDayWords } from './action-row.tsx';
import { AgendaPlayer } from './agenda-player.tsx';
import styles from './meetings.module.css';

/** The moments in their order. One plays at a time, and the next one follows by itself when all are played. */
export function Agenda({ meeting }: { meeting: Meeting }) {
  const { t } = useTranslation('meetings');
  const { agenda, actions, id, state } = meeting;
  useAnchor();
  const [playing, setPlaying] = useState<{ itemId: string; through: boolean } | null>(null);
  const current = agenda.findIndex((item) => item.id === playing?.itemId);
  const after = (from: number) => agenda.slice(from + 1).find(isHeard);
  const first = after(-1);
  if (agenda.length === 0) {
    return (
      <Section title={t('agenda.heading')} flush>
        <EmptyState title={t('agenda.empty')}>{t('agenda.emptyBody')}</EmptyState>
      </Section>
    );
  }
  const hearable = state !== 'cancelled';
  const ended = () => {
    const next = playing?.through ? after(current) : undefined;
    setPlaying(next ? { itemId: next.id, through: true } : null);
  };
  return (
    <Section
      title={t('agenda.heading')}
      flush
      aside={
        hearable &&
        first && (
          <Button
            size="small"
            type="primary"
            onClick={() => setPlaying({ itemId: first.id, through: true })}
            data-testid="play-all"
          >
            {t('agenda.all')}
          </Button>
        )
      }
    >
      <ol data-testid="agenda">
        {agenda.map((item, index) => (
          <li
            key={item.id}
            id={item.id}
            className={styles.item}
            data-item={item.id}
            data-current={index === current}
          >
            <ItemHead
              item={item}
              number={index + 1}
              plays={index === current}
              {...(hearable &&
                isHeard(item) && { onPlay: () => setPlaying({ itemId: item.id, through: false }) })}
            />
            {index === current && <AgendaPlayer key={item.id} meetingId={id} item={item} onEnded={ended} />}
            {!item.gone && <Note meeting={meeting} item={item} />}
            <OfItem actions={actions.filter(({ itemId }) => itemId === item.id)} />
          </li>
        ))}
      </ol>
      {hearable && <p className={styles.foot}>{t('agenda.logged')}</p>}
    </Section>
  );
}

const isHeard = ({ gone, withdrawn }: AgendaItem): boolean => !gone && withdrawn === null;

/** Who follows a link to a moment finds it in view: the page is there before its agenda is. */
function useAnchor(): void {
  const { hash } = useLocation();
  useEffect(() => {
    if (hash) document.getElementById(hash.slice(1))?.scrollIntoView({ block: 'start' });
  }, [hash]);
}

/** What was decided about one moment. */
function OfItem({ actions }: { actions: readonly Action[] }) {
  const { t } = useTranslation('meetings');
  const local = useLocalText();
  const day = useDayWords();
  if (actions.length === 0) return null;
  return (
    <div className={styles.ofItem} data-testid="decided-about">
      <p className={styles.meta}>{t('actions.ofItem')}</p>
      <ul>
        {actions.map(({ id, text, owner, dueOn, state }) => (
          <li key={id}>
            {text} — {local(owner.name)},{' '}
            {state === 'open' ? t('actions.dueOn', { day: day(dueOn) }) : t(`actions.state.${state}`)}
          </li>
        ))}
      </ul>
    </div>
  );
}

function ItemHead({
  item,
  number,
  plays,
  onPlay,
}: {
  item: AgendaItem;
  number: number;
  plays: boolean;
  onPlay?: () => void;
}) {
  const { t } = useTranslation('meetings');
  const format = useFormat();
  const mayDo = useMay();
  const { lineName } = useLines();
  const { title, lineId, fromMs, toMs, callStartedAt, gone, masking, withdrawn, recordingId } = item;
  const outside = !mayDo('recordings.replay', { lineId });
  return (
    <div className={styles.itemHead}>
      <span className={styles.number}>{number}</span>
      <div className={styles.words}>
        <p className={styles.strong}>{gone ? t('agenda.gone') : title}</p>
        <p className={styles.meta}>
          {lineName(lineId) && <span>{lineName(lineId)} · </span>}
          {format.clockLength(toMs - fromMs)} · <When at={callStartedAt + fromMs} />
        </p>
        {withdrawn !== null && <Withdrawn withdrawal={withdrawn} />}
        {!gone && (
          <p className={styles.meta}>
            {masking !== null && <MaskingNote masking={masking} />}
            {masking !== null && !outside && ' · '}
            {!outside && <Link to={`/recordings/${recordingId}`}>{t('agenda.recording')}</Link>}
          </p>
        )}
        {outside && <p className={styles.meta}>{t('agenda.outside')}</p>}
      </div>
      {onPlay && !plays && (
        <Button
          shape="circle"
          icon={<CaretRightFilled />}
          aria-label={t('agenda.play', { title })}
          onClick={onPlay}
        />
      )}
    </div>
  );
}

/** What was said about it; kept by a button, so that nobody's half sentence is everybody's. */
function Note({ meeting, item }: { meeting: Meeting; item: AgendaItem }) {
  const { t } = useTranslation('meetings');
  const announce = useAnnounce();
  const save = useApiCommand(meetingsEndpoints.note, { refresh: [meetingsEndpoints.show] });
  const [draft, setDraft] = useState<string | null>(null);
  const text = draft ?? item.note;
  const known = useRef(item.noteRevision);
  useEffect(() => {
    // While somebody writes here, what others saved meanwhile is not silently overwritten: the server refuses it.
    if (draft === null) known.current = item.noteRevision;
  }, [draft, item.noteRevision]);
  if (meeting.state === 'cancelled') return text ? <p className={styles.noteText}>{text}</p> : null;
  const changed = draft !== null && draft !== item.note;
  const keep = () =>
    save.mutate(
      {
        params: { id: meeting.id, itemId: item.id },
        body: { note: text, noteRevision: known.current },
      },
      {
        onSuccess: () => {
          setDraft(null);
          announce(t('note.saved'));
        },
        onError: () => {
          known.current = item.noteRevision;
        },
      },
    );
  return (
    <div className={styles.note}>
      <Input.TextArea
        aria-label={t('note.label', { title: item.title })}
        placeholder={t('note.placeholder')}
        autoSize={{ minRows: 1, maxRows: 8 }}
        maxLength={meetingLimits.note}
        value={text}
        onChange={({ target }) => setDraft(target.value)}
      />
      {changed && (
        <Button size="small" loading={save.isPending} onClick={keep}>
          {t('note.save')}
        </Button>
      )}
      {save.error && changed && <ErrorNote error={save.error} />}
    </div>
  );
}
