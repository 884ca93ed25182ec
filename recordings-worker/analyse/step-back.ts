import { setPriority } from 'node:os';
import { exitWithParent } from '#kernel/parent.ts';

/** As far behind as a process may step (nice 19). */
const lowestPriority = 19;

/** For a program that runs aside: everybody else who wants the processor goes first, and it ends with its parent. */
export function stepBack(): void {
  exitWithParent();
  setPriority(lowestPriority);
}
