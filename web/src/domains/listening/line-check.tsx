import {
  CheckCircleFilled,
  ExclamationCircleFilled,
  LoadingOutlined,
  WarningFilled,
} from '@ant-design/icons';
import { Button } from 'antd';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MediaGate } from '#contract/line-probe.ts';
import { useRealtime } from '../../app/realtime-context.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { ErrorNote } from '../../ui/states.tsx';
import styles from './line-check.module.css';
import { useLineNumbers } from './line-numbers.ts';
import { type LineFinding, probeLine } from './line-probe.ts';

type Outcome = { finding: LineFinding } | { error: unknown };

/** Before one listens: does sound get here, by what way, and how well? Tried on the way that a call would take. */
export function LineCheck({ delayed }: { delayed: boolean }) {
  const { t } = useTranslation('lines');
  return (
    <section className={styles.check} aria-label={t('check.heading')} data-testid="line-check">
      <h3 className={styles.heading}>{t('check.heading')}</h3>
      {delayed ? <Words tone="good" word="delayed" what={t('check.what.delayed')} /> : <Probe />}
    </section>
  );
}

function Probe() {
  const { t } = useTranslation('lines');
  const realtime = useRealtime();
  const [turn, setTurn] = useState(0);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each turn is another check.
  useEffect(() => {
    if (!realtime) return;
    const going = new AbortController();
    setOutcome(null);
    probeLine(realtime, going.signal).then(
      (finding) => going.signal.aborted || setOutcome({ finding }),
      (error: unknown) => going.signal.aborted || setOutcome({ error }),
    );
    return () => going.abort();
  }, [realtime, turn]);
  return (
    <>
      <div role="status" className={styles.outcome}>
        {outcome === null ? (
          <p className={styles.trying}>
            <LoadingOutlined aria-hidden /> {t('check.trying')}
          </p>
        ) : 'finding' in outcome ? (
          <Finding finding={outcome.finding} />
        ) : (
          <ErrorNote error={outcome.error} />
        )}
      </div>
      {outcome !== null && (
        <Button size="small" className={styles.again ?? ''} onClick={() => setTurn(turn + 1)}>
          {t('check.again')}
        </Button>
      )}
    </>
  );
}

const tones = { good: 'good', fair: 'warn', tcp: 'warn', relay: 'warn' } as const;

/** Which sentence stands for what was found: the worse of the way and of what came by it. */
function wordOf(finding: LineFinding): 'good' | 'fair' | 'poor' | 'silent' | 'tcp' | 'relay' | 'blocked' {
  if (finding.way === 'blocked') return 'blocked';
  if (finding.way === 'udp' || finding.grade === 'poor' || finding.grade === 'silent') return finding.grade;
  return finding.way;
}

/** What to do: a way that is not the best one is worth more words than what came by it. */
function adviceOf(finding: LineFinding): ReturnType<typeof wordOf> {
  const detour = finding.way === 'tcp' || finding.way === 'relay';
  return detour && finding.grade !== 'silent' ? finding.way : wordOf(finding);
}

function Finding({ finding }: { finding: LineFinding }) {
  const { t } = useTranslation('lines');
  const format = useFormat();
  const numbers = useLineNumbers();
  const word = wordOf(finding);
  const { address, ports } = finding.gate;
  const gate = t('check.gate', { count: ports.length, address, ports: portsAsWords(ports, format.list) });
  return (
    <Words
      tone={word in tones ? tones[word as keyof typeof tones] : 'bad'}
      word={word}
      what={t(`check.what.${adviceOf(finding)}`, { gate })}
      way={finding.way}
      numbers={'sample' in finding && word !== 'silent' ? numbers(finding.sample) : null}
    />
  );
}

/** 40000–40003 where they follow each other. */
function portsAsWords(ports: MediaGate['ports'], list: (items: readonly string[]) => string): string {
  const sorted = [...ports].sort((a, b) => a - b);
  const [first = 0] = sorted;
  const last = sorted.at(-1) ?? first;
  const inARow = sorted.length > 2 && last - first === sorted.length - 1;
  return inARow ? `${first}–${last}` : list(sorted.map(String));
}

const icons = { good: <CheckCircleFilled />, warn: <WarningFilled />, bad: <ExclamationCircleFilled /> };

function Words({
  tone,
  word,
  what,
  way,
  numbers = null,
}: {
  tone: keyof typeof icons;
  word: ReturnType<typeof wordOf> | 'delayed';
  what: string;
  way?: LineFinding['way'];
  numbers?: string | null;
}) {
  const { t } = useTranslation('lines');
  return (
    <div className={styles.words} data-testid="line-finding" data-way={way}>
      <span className={`${styles.icon} ${styles[tone]}`} aria-hidden>
        {icons[tone]}
      </span>
      <div>
        <p className={styles.title}>{t(`check.title.${word}`)}</p>
        <p className={styles.what}>{what}</p>
        {numbers && <p className={styles.numbers}>{numbers}</p>}
      </div>
    </div>
  );
}
