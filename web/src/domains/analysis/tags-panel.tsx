import { CheckOutlined, CloseOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '#contract/endpoint.ts';
import { recordingsEndpoints } from '#contract/recordings.ts';
import { type ShownTag, type TagDecisionState, type TagEvidence, tagsEndpoints } from '#contract/tags.ts';
import { transcriptsEndpoints } from '#contract/transcripts.ts';
import { call } from '../../app/api.ts';
import type { ApiError } from '../../app/api-error.ts';
import { queryKey, useApiCommand } from '../../app/queries.ts';
import { useMay } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { clockLength } from '../../ui/format/time.ts';
import { ErrorNote, LoadingRows } from '../../ui/states.tsx';
import { VoiceName } from '../../ui/voice-name.tsx';
import styles from './tags-panel.module.css';

type Tags = ResponseOf<typeof tagsEndpoints.list>;

/** Milliseconds between two looks until the call was looked through. */
const lookEveryMs = 15_000;

/** What the call is about: suggested from its words, decided by the specialist. */
export function TagsPanel({
  recordingId,
  lineId,
  onSeek,
  onRead,
}: {
  recordingId: string;
  lineId: string;
  onSeek: (ms: number) => void;
  /** Sentences of the call were read: that is a hearing. */
  onRead: () => void;
}) {
  const { t } = useTranslation('analysis');
  const input = { params: { id: recordingId } };
  const decides = useMay()('recordings.tag', { lineId });
  const { data } = useQuery<Tags, ApiError>({
    queryKey: queryKey(tagsEndpoints.list, input),
    queryFn: ({ signal }) => call(tagsEndpoints.list, input, { signal }),
    refetchInterval: (query) => (query.state.data?.looked ? false : lookEveryMs),
  });
  // The transcript's panel keeps it fresh; without a transcriber no suggestion is to be promised.
  const transcript = useQuery({
    queryKey: queryKey(transcriptsEndpoints.show, input),
    queryFn: ({ signal }) => call(transcriptsEndpoints.show, input, { signal }),
  });
  const awaited = transcript.data?.state === 'waiting' || transcript.data?.state === 'done';
  const command = useApiCommand(tagsEndpoints.decide, {
    refresh: [tagsEndpoints.list, recordingsEndpoints.list],
  });
  if (!data || (!decides && !data.looked && data.tags.length === 0)) return null;
  const decide = (tag: string, state: TagDecisionState) => {
    const revision = data.tags.find((one) => one.tag === tag)?.revision ?? 0;
    command.mutate({ params: { id: recordingId, tag }, body: { state, revision } });
  };
  const rejected = data.tags.filter(({ decision }) => decision?.state === 'rejected');
  const standing = data.tags.filter(({ decision }) => decision?.state !== 'rejected');
  return (
    <section className={styles.panel} aria-label={t('tags.heading')}>
      <h2 className={styles.heading}>{t('tags.heading')}</h2>
      {standing.some(({ decision }) => decision === null) && (
        <p className={styles.quiet}>{t('tags.suggested')}</p>
      )}
      {command.error && <ErrorNote error={command.error} />}
      {standing.length === 0 ? (
        <p className={styles.quiet}>
          {t(data.looked ? 'tags.none' : awaited ? 'tags.notYet' : 'tags.untagged')}
        </p>
      ) : (
        <ul className={styles.tags}>
          {standing.map((tag) => (
            <Tag
              key={tag.tag}
              tag={tag}
              recordingId={recordingId}
              pending={command.isPending}
              onDecide={decides ? (state) => decide(tag.tag, state) : null}
              onSeek={onSeek}
              onRead={onRead}
            />
          ))}
        </ul>
      )}
      {decides && (
        <div className={styles.byHand}>
          <AddTag tags={data} pending={command.isPending} onAdd={(tag) => decide(tag, 'confirmed')} />
          {rejected.length > 0 && <Rejected tags={rejected} />}
        </div>
      )}
    </section>
  );
}

function Tag({
  tag: { tag, name, decision, evidence },
  recordingId,
  pending,
  onDecide,
  onSeek,
  onRead,
}: {
  tag: ShownTag;
  recordingId: string;
  pending: boolean;
  /** Null for those who may only look. */
  onDecide: ((state: TagDecisionState) => void) | null;
  onSeek: (ms: number) => void;
  onRead: () => void;
}) {
  const { t } = useTranslation('analysis');
  const local = useLocalText();
  const reasons = useId();
  const [open, setOpen] = useState(false);
  const why = useApiCommand(tagsEndpoints.why);
  const named = { tag: local(name) };
  const confirmed = decision?.state === 'confirmed';
  const ask = () => {
    setOpen(!open);
    if (!open && !why.data) why.mutate({ params: { id: recordingId, tag } }, { onSuccess: onRead });
  };
  return (
    <li className={styles.tag}>
      <div className={styles.row}>
        <span className={confirmed ? styles.confirmed : styles.suggested}>
          {confirmed && <CheckOutlined aria-hidden />}
          {local(name)}
        </span>
        {confirmed && (
          <span className={styles.quiet}>{t('tags.confirmedBy', { name: local(decision.by.name) })}</span>
        )}
        <span className={styles.acts}>
          {evidence > 0 && (
            <Button
              type="link"
              size="small"
              aria-expanded={open}
              aria-controls={reasons}
              aria-label={t('tags.whyTag', named)}
              onClick={ask}
            >
              {t('tags.why')}
            </Button>
          )}
          {onDecide && !confirmed && (
            <Button
              size="small"
              icon={<CheckOutlined aria-hidden />}
              disabled={pending}
              aria-label={t('tags.confirmTag', named)}
              onClick={() => onDecide('confirmed')}
            >
              {t('tags.confirm')}
            </Button>
          )}
          {onDecide && (
            <Button
              size="small"
              type={confirmed ? 'text' : 'default'}
              icon={<CloseOutlined aria-hidden />}
              disabled={pending}
              aria-label={t(confirmed ? 'tags.removeTag' : 'tags.rejectTag', named)}
              onClick={() => onDecide('rejected')}
            >
              {t(confirmed ? 'tags.remove' : 'tags.reject')}
            </Button>
          )}
        </span>
      </div>
      <div id={reasons} hidden={!open}>
        {why.error ? (
          <ErrorNote error={why.error} />
        ) : why.data ? (
          <Evidence evidence={why.data.evidence} onSeek={onSeek} />
        ) : (
          open && <LoadingRows rows={1} height={24} />
        )}
      </div>
    </li>
  );
}

function Evidence({ evidence, onSeek }: { evidence: readonly TagEvidence[]; onSeek: (ms: number) => void }) {
  const { t } = useTranslation('analysis');
  return (
    <>
      <ul className={styles.evidence}>
        {evidence.map(({ by, fromMs, words }) => (
          <li key={`${by}-${fromMs}`}>
            <button
              type="button"
              className={styles.sentence}
              title={t('goTo', { at: clockLength(fromMs) })}
              onClick={() => onSeek(fromMs)}
            >
              <span className={styles.time}>{clockLength(fromMs)}</span>
              <VoiceName voice={by} />
              <span className={styles.words}>{words}</span>
            </button>
          </li>
        ))}
      </ul>
      <p className={styles.quiet}>{t('tags.logged')}</p>
    </>
  );
}

/** Tags that nobody suggested; what was rejected can be set again here, too. */
function AddTag({
  tags: { tags, choices },
  pending,
  onAdd,
}: {
  tags: Tags;
  pending: boolean;
  onAdd: (tag: string) => void;
}) {
  const { t } = useTranslation('analysis');
  const local = useLocalText();
  const there = new Set(tags.filter(({ decision }) => decision?.state !== 'rejected').map(({ tag }) => tag));
  return (
    <Select<string | null>
      className={styles.add ?? ''}
      aria-label={t('tags.add')}
      placeholder={t('tags.add')}
      showSearch={{ optionFilterProp: 'label' }}
      value={null}
      disabled={pending}
      options={choices
        .filter(({ tag }) => !there.has(tag))
        .map(({ tag, name }) => ({ value: tag, label: local(name) }))}
      onChange={(tag) => {
        if (tag) onAdd(tag);
      }}
    />
  );
}

function Rejected({ tags }: { tags: readonly ShownTag[] }) {
  const { t } = useTranslation('analysis');
  const local = useLocalText();
  return (
    <p className={styles.quiet}>
      {t('tags.rejected', { tags: tags.map(({ name }) => local(name)).join(t('tags.comma')) })}
    </p>
  );
}
