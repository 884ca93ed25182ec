import { setPriority } from 'node:os';
import { exitWithParent } from '#kernel/parent.ts';
import { undecodableExit } from './analyst-process.ts';
import { listenToInput, UndecodableError } from './listen.ts';
import type { Span } from './spans.ts';
import { trackOf } from './track.ts';

/**
 * A process of its own for one recording, so that captures and seals never wait for it: it steps behind everybody else
 * who wants the processor, and ffmpeg with it. Takes `{durationMs, holds}` as its one argument and the recording on
 * standard input, answers the track as JSON.
 */

/** As far behind as a process may step (nice 19). */
const lowestPriority = 19;

exitWithParent();
setPriority(lowestPriority);
const { durationMs, holds } = JSON.parse(process.argv[2] ?? '') as { durationMs: number; holds: Span[] };
try {
  const track = trackOf({ durationMs, holds, voices: await listenToInput() });
  process.stdout.write(JSON.stringify(track), () => process.exit(0));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof UndecodableError ? undecodableExit : 1);
}
