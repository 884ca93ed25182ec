import { RightOutlined } from '@ant-design/icons';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { HeardLine } from '#contract/hearings.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { LineDetails } from './line-details.tsx';
import styles from './line-history.module.css';
import { useLineNumbers } from './line-numbers.ts';
import { LineStrip } from './line-strip.tsx';

/** Listenings, each with how its line was: in words, as a small picture, and opened with all that was measured. */
export function LineHistory({ lines, named = false }: { lines: readonly HeardLine[]; named?: boolean }) {
  return (
    <ul data-testid="line-history">
      {lines.map((line) => (
        <li key={line.id} className={styles.row} data-verdict={line.verdict}>
          <Listening line={line} named={named} />
        </li>
      ))}
    </ul>
  );
}

function Listening({ line, named }: { line: HeardLine; named: boolean }) {
  const local = useLocalText();
  const { lineName } = useLines();
  const [open, setOpen] = useState(false);
  const { startedAt, endedAt, person, worst } = line;
  const when = endedAt === null ? <Since at={startedAt} /> : <When at={startedAt} until={endedAt} />;
  const where = lineName(line.lineId);
  const row = (
    <>
      <span className={styles.words}>
        <span className={styles.title}>{named ? local(person.name) : when}</span>
        <span className={styles.meta}>
          {where}
          {named && <> · {when}</>}
        </span>
      </span>
      <LineStrip cells={line.cells} />
      <Verdict line={line} />
    </>
  );
  if (worst === null) return <div className={styles.summary}>{row}</div>;
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className={styles.summary}>
        {row}
        <RightOutlined aria-hidden className={styles.opens ?? ''} />
      </summary>
      {open && <LineDetails hearingId={line.id} endedAt={endedAt} />}
    </details>
  );
}

function Since({ at }: { at: number }) {
  const { t } = useTranslation('lines');
  return t('history.running', { time: useFormat().dayAndTime(at) });
}

function Verdict({ line }: { line: HeardLine }) {
  const { t } = useTranslation('lines');
  const format = useFormat();
  const numbers = useLineNumbers();
  const { verdict, worst, fairMs, poorMs } = line;
  const length = format.spokenLength(verdict === 'poor' ? poorMs : fairMs + poorMs);
  return (
    <span className={styles.verdict}>
      <span className={`${styles.word} ${styles[verdict]}`}>
        {t(`history.verdict.${verdict}`, { length })}
      </span>
      <span className={styles.meta}>
        {verdict === 'nothing' || verdict === 'unmeasured'
          ? t(`history.because.${verdict}`)
          : worst && t('history.worst', { numbers: numbers(worst) })}
      </span>
    </span>
  );
}
