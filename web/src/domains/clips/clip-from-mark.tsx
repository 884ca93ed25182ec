import { ScissorOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { clipsEndpoints } from '#contract/clips.ts';
import { newIdempotencyKey } from '#web/app/api.ts';
import { useApiCommand } from '#web/app/queries.ts';
import { clockLength } from '../../ui/format/time.ts';
import type { Moment } from '../bookmarks/moments.ts';
import { spanAround } from './clip-span.ts';

/** What a clip from a mark is called: its note, unless that is for its maker alone. */
export const titleOf = ({ note, visibility }: Moment): string =>
  visibility === 'private' ? '' : (note.split('\n')[0] ?? '').slice(0, 120);

/** One click: 20 s before the mark to 20 s after it. Of a call that goes on it is cut when the call is over. */
export function ClipFromMark({ moment, callId }: { moment: Moment; callId: string }) {
  const { t } = useTranslation('clips');
  const command = useApiCommand(clipsEndpoints.cut, { refresh: [clipsEndpoints.list] });
  const words = t(command.isSuccess ? 'fromMark.asked' : 'fromMark.ask', {
    at: clockLength(moment.offsetMs),
  });
  return (
    <Button
      type="text"
      size="small"
      icon={<ScissorOutlined />}
      aria-label={words}
      title={words}
      loading={command.isPending}
      disabled={command.isSuccess || moment.bookmark === null}
      onClick={() => {
        const { fromMs, toMs } = spanAround(moment.offsetMs, null);
        command.mutate({
          body: {
            ...{ callId, fromMs, toMs, title: titleOf(moment), idempotencyKey: newIdempotencyKey() },
            ...(moment.bookmark && { bookmarkId: moment.bookmark.id }),
          },
        });
      }}
    />
  );
}
