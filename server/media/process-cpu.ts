import { readFile } from 'node:fs/promises';

/**
 * CPU time that a process has used so far, in kernel ticks (proc(5), `utime` and `stime`). It is asked of the kernel,
 * so that it can be known of a process that does not answer. Undefined where there is no /proc, or no such process.
 */
export async function processCpuTicks(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The second field is the command in parentheses and may contain anything; the third is behind the last of them.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
