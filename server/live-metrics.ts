import type { QueueFigures } from '#contract/operations.ts';
import type { CallTap } from '#domains/calls/calls.ports.ts';
import type { ListeningService } from '#domains/listening/listening.service.ts';
import type { ListeningEvents } from '#domains/listening/running-listenings.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import type { Metrics } from '#kernel/metrics.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { MediaPlane } from '#media/media-plane.ts';
import type { ThreadedIngress } from '#telephony/threaded-ingress.ts';

/** What `/metrics` says of the live path and of what is kept. Read when asked for; nothing is counted twice. */
export function registerLiveMetrics(
  metrics: Metrics,
  sources: {
    media: MediaPlane;
    ingress: Pick<ThreadedIngress, 'dropped'>;
    tap: CallTap & {
      totals(): { calls: number; recorders: number; bytes: number; dropped: number; refused: number };
    };
    listening: ListeningService;
    listeningEvents: TypedEvents<ListeningEvents>;
    recordings: RecordingsService;
    untaken: () => number;
    queues: () => Promise<QueueFigures[]>;
    startOfToday: () => Promise<number>;
  },
): void {
  const { media, tap, listeningEvents } = sources;
  const joinSeconds = metrics.histogram(
    'join_seconds',
    'From the request to hear a call until its sound flows',
    [],
    [0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 10],
  );
  listeningEvents.on('hearing-flows', ({ ms }) => joinSeconds.observe(ms / 1_000));
  // What listeners measure, every two seconds each.
  const roundTrip = metrics.histogram(
    'line_round_trip_seconds',
    'Round trip between listeners and here',
    [],
    [0.01, 0.03, 0.06, 0.1, 0.2, 0.4, 1, 3],
  );
  const jitter = metrics.histogram(
    'line_jitter_seconds',
    'Jitter of the unsteadiest leg at the listener',
    [],
    [0.002, 0.005, 0.01, 0.02, 0.03, 0.06, 0.1, 0.3],
  );
  const loss = metrics.histogram(
    'line_loss_ratio',
    'Packets that did not reach the listener, of those due',
    [],
    [0, 0.001, 0.01, 0.03, 0.05, 0.1, 0.3, 1],
  );
  listeningEvents.on('line-reported', ({ roundTripMs, jitterMs, lossRatio }) => {
    if (roundTripMs !== null) roundTrip.observe(roundTripMs / 1_000);
    jitter.observe(jitterMs / 1_000);
    loss.observe(lossRatio);
  });
  metrics.gauge('calls', 'Calls this instance carries', [], () => media.stats().calls);
  metrics.gauge('legs', 'Legs of those calls', [], () => media.stats().legs);
  metrics.gauge('listeners', 'Listeners whose media path is open', [], () => media.stats().listeners);
  metrics.gauge('listenings', 'Listenings that run', [], () => sources.listening.running());
  metrics.gauge(
    'packets_in',
    'RTP packets received from legs since the start',
    [],
    () => media.stats().packetsIn,
  );
  metrics.gauge(
    'packets_out',
    'RTP packets sent to listeners since the start',
    [],
    () => media.stats().packetsOut,
  );
  metrics.gauge(
    'packets_lost',
    'RTP packets that never arrived from legs',
    [],
    () => media.stats().packetsLost,
  );
  metrics.gauge(
    'media_worker_deaths',
    'SFU workers that died since the start',
    [],
    () => media.stats().workerDeaths,
  );
  metrics.gauge(
    'media_refused',
    'Calls and listeners turned away for lack of room',
    [],
    () => media.stats().refused,
  );
  metrics.gauge('media_worker_cpu_ratio', 'Share of one core that an SFU worker uses', ['worker'], () =>
    media
      .workers()
      .map(({ index, cpuPercent }) => ({ labels: { worker: String(index) }, value: cpuPercent / 100 })),
  );
  metrics.gauge('captures', 'Calls at the tap, by whether a recorder is connected', ['recorder'], () => {
    const status = tap.status();
    const connected = status.filter((call) => call.connected).length;
    return [
      { labels: { recorder: 'connected' }, value: connected },
      { labels: { recorder: 'away' }, value: status.length - connected },
    ];
  });
  metrics.gauge('captures_untaken', 'Calls that no recorder has had for seconds: an alarm', [], () =>
    sources.untaken(),
  );
  metrics.gauge(
    'tap_bytes',
    'Audio kept in memory until a recorder has it on disk',
    [],
    () => tap.totals().bytes,
  );
  metrics.gauge(
    'tap_dropped',
    'Packets given up because no recorder came in time',
    [],
    () => tap.totals().dropped,
  );
  metrics.gauge(
    'ingress_dropped',
    'Packets that were heard but not recorded, as this process stood still for too long',
    [],
    () => sources.ingress.dropped,
  );
  metrics.gauge('queue_depth', 'Jobs of a queue', ['queue', 'state'], async () =>
    (await sources.queues()).flatMap(({ name, ...states }) =>
      Object.entries(states).map(([state, value]) => ({
        labels: { queue: name, state },
        value: Number(value),
      })),
    ),
  );
  metrics.gauge(
    'coverage_ratio',
    'Recorded seconds ÷ call seconds of calls that ended today',
    [],
    async () => {
      const { ratio } = await sources.recordings.coverageSince(await sources.startOfToday());
      return ratio ?? 1;
    },
  );
}
