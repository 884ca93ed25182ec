/** The name that the installation gave it, or the end of the id that it gave itself: enough to tell two apart. */
export function recorderName(workerId: string): string {
  return workerId.startsWith('worker_') ? workerId.slice(-4).toUpperCase() : workerId;
}
