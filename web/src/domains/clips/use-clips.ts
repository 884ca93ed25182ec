import { useQueryClient } from '@tanstack/react-query';
import { type Clip, clipEvents, clipsEndpoints } from '#contract/clips.ts';
import { useApiQuery } from '#web/app/queries.ts';
import { useSocketEvent } from '#web/app/realtime-context.tsx';
import { useMay } from '#web/app/session.tsx';

/** Clips that are on their way are looked at so often, in case nobody tells. Milliseconds. */
const lookEveryMs = 3_000;

const moves = ({ state }: Clip): boolean => state === 'asked' || state === 'cutting';

/** The clips of a recording, or of a call while it goes on; new ones and changes appear by themselves. */
export function useClips(of: { recordingId: string } | { callId: string }, lineId: string) {
  const client = useQueryClient();
  const may = useMay();
  const query = useApiQuery(
    clipsEndpoints.list,
    { query: of },
    { enabled: may('recordings.replay', { lineId }), refreshEveryMs: lookEveryMs * 5 },
  );
  const clips = query.data?.clips ?? [];
  const moving = clips.some(moves);
  // While one is being cut it is asked for more often.
  useApiQuery(clipsEndpoints.list, { query: of }, { enabled: moving, refreshEveryMs: lookEveryMs });
  useSocketEvent(clipEvents.changed, ({ callId, recordingId }) => {
    const ours = 'callId' in of ? of.callId === callId : of.recordingId === recordingId;
    const known = clips.some((clip) => clip.callId === callId);
    if (ours || known) void client.invalidateQueries({ queryKey: [clipsEndpoints.list.id] });
  });
  return { clips, query };
}
