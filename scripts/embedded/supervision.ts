import type { ProcessSpec } from '../processes.ts';

/** What the caller of an embedded server decides about its process. */
export type Supervision = Pick<ProcessSpec, 'restart' | 'logFile' | 'onNotice' | 'onPid'>;
