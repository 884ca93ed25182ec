/** Stable codes of what can go wrong with a recording; they reach the operations page and support staff. */
export type WorkerErrorCode =
  | 'seal.no-packets'
  | 'seal.no-spool'
  | 'seal.holder-away'
  | 'seal.encoder'
  | 'seal.decoder'
  | 'stage.deadline'
  | 'render.encoder'
  | 'clip.master'
  | 'clip.span'
  | 'archive.nothing-sealed'
  | 'archive.sealed-damaged'
  | 'archive.verify'
  | 'archive.not-encrypted'
  | 'archive.no-manifest'
  | 'archive.chain'
  | 'archive.deleted'
  | 'erase.versions'
  | 'erase.left'
  | 'withdraw.kind'
  | 'archive.missing'
  | 'analyse.audio'
  | 'analyse.process'
  | 'transcribe.refused'
  | 'transcribe.unreachable'
  | 'transcribe.config'
  | 'transcribe.process'
  | 'store.storage'
  | 'spool.full'
  | 'spool.io'
  | 'job.given-up'
  | 'worker.internal';

/** `message` is a sentence without personal data. `final`: trying again cannot help. */
export class WorkerError extends Error {
  readonly code: WorkerErrorCode;
  readonly final: boolean;

  constructor(code: WorkerErrorCode, message: string, options: { cause?: unknown; final?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WorkerError';
    this.code = code;
    this.final = options.final ?? false;
  }
}

/** Any thrown thing as a WorkerError; the disk's faults are told apart from our own. */
export function asWorkerError(thrown: unknown): WorkerError {
  if (thrown instanceof WorkerError) return thrown;
  const { code } = thrown as { code?: unknown };
  // AppError of the kernel's object store carries the same code.
  if (code === 'store.storage') return new WorkerError(code, (thrown as Error).message, { cause: thrown });
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new WorkerError('spool.full', 'The disk of the spool is full.', { cause: thrown });
  }
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    return new WorkerError('spool.io', `The spool could not be read or written (${code}).`, {
      cause: thrown,
    });
  }
  return new WorkerError('worker.internal', 'Something went wrong in the recordings worker.', {
    cause: thrown,
  });
}
