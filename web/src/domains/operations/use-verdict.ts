import { useTranslation } from 'react-i18next';
import { useFormat } from '../../ui/format/use-format.ts';
import type { Finding, Judgement } from './judgement.ts';
import { recorderName } from './recorder-name.ts';

/** The judgement in words: one sentence for the whole, one for each finding. */
export function useVerdict(): (judgement: Judgement) => { sentence: string; findings: string[] } {
  const { t } = useTranslation('operations');
  const format = useFormat();
  const say = (finding: Finding): string => {
    switch (finding.kind) {
      case 'service-down':
      case 'service-slow':
        return t(`finding.${finding.kind}`, { service: t(`service.${finding.service}`) });
      case 'queue-failed':
      case 'queue-behind':
        return t(`finding.${finding.kind}`, { queue: queueName(finding.queue), count: finding.count });
      case 'capture-lost':
      case 'capture-waiting':
      case 'copy-missing':
      case 'archive-findings':
      case 'recording-failed':
        return t(`finding.${finding.kind}`, { count: finding.count });
      case 'coverage':
        return t('finding.coverage', { length: format.spokenLength(finding.missingSeconds * 1000) });
      case 'spool-space':
        return t('finding.spool-space', { free: format.bytes(finding.freeBytes) });
      case 'recorder-refusing':
        return t('finding.recorder-refusing', {
          id: recorderName(finding.workerId),
          why: t(`refusing.${finding.refusing}`),
        });
      case 'no-recorder':
      case 'recorders-refuse':
        return t(`finding.${finding.kind}`);
    }
  };
  const queueName = useQueueName();
  return (judgement) => ({
    sentence: t(`verdict.${judgement.severity}`),
    findings: judgement.findings.map(say),
  });
}

const namedQueues = [
  'capture',
  'seal',
  'archive',
  'render',
  'erase',
  'reports',
  'analyse',
  'analysis-reports',
  'transcribe',
  'clip',
  'clip-reports',
  'withdraw',
] as const;

/** What a queue is for; one that we do not know keeps its own name. */
export function useQueueName(): (name: string) => string {
  const { t } = useTranslation('operations');
  return (name) => {
    const known = namedQueues.find((candidate) => candidate === name);
    return known ? t(`queue.${known}`) : name;
  };
}
