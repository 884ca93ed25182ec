import { undecodableExit } from './analyst-process.ts';
import { listenToInput } from './listen.ts';
import type { Span } from './spans.ts';
import { stepBack } from './step-back.ts';
import { UndecodableError } from './stereo-pcm.ts';
import { trackOf } from './track.ts';

/**
 * A process of its own for one recording, so that captures and seals never wait for it. Takes `{durationMs, holds}` as
 * its one argument and the recording on standard input, answers the track as JSON.
 */
stepBack();
const { durationMs, holds } = JSON.parse(process.argv[2] ?? '') as { durationMs: number; holds: Span[] };
try {
  const track = trackOf({ durationMs, holds, voices: await listenToInput() });
  process.stdout.write(JSON.stringify(track), () => process.exit(0));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof UndecodableError ? undecodableExit : 1);
}
