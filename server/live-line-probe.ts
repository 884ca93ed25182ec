import { createLineProbes } from '#domains/listening/line-probe.service.ts';
import { lineProbeSockets } from '#domains/listening/line-probe.sockets.ts';
import type { MediaPlane } from '#media/media-plane.ts';
import type { LiveNeeds } from './live.ts';

/** Trying the way to the live plane before there is a call. */
export function startLineProbes({
  gateway,
  clock,
  media,
}: Pick<LiveNeeds, 'gateway' | 'clock'> & {
  readonly media: Pick<MediaPlane, 'probes' | 'listeners'>;
}): void {
  const probes = createLineProbes({ media: media.probes, clock });
  const { doors, onGone } = lineProbeSockets(probes, () => media.listeners.routerRtpCapabilities());
  gateway.mount(doors);
  gateway.onGone(onGone);
}
