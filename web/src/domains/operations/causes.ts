import { useTranslation } from 'react-i18next';

/** Codes of the recordings workers that we have words for. */
const known = [
  'seal.no-packets',
  'seal.no-spool',
  'seal.holder-away',
  'seal.encoder',
  'seal.decoder',
  'archive.nothing-sealed',
  'archive.sealed-damaged',
  'archive.verify',
  'archive.not-encrypted',
  'archive.missing',
  'stage.deadline',
  'store.storage',
  'spool.full',
  'spool.io',
  'job.given-up',
  'worker.internal',
] as const;

/** Why a recording could not be finished, in words, for whom the code says nothing. */
export function useCause(): (code: string) => string {
  const { t } = useTranslation('operations');
  return (code) => {
    const found = known.find((candidate) => candidate === code);
    return found ? t(`cause.${found}`) : t('cause.unknown');
  };
}
