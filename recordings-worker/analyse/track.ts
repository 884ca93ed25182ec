import type { AnalysisSummary, AnalysisTrack, TrackSpan, Voice } from '#contract/analysis.ts';
import { arousalOf, arousalStepMs } from './arousal.ts';
import {
  deadAirOf,
  interruptionsOf,
  overlapsOf,
  quantile,
  responsesOf,
  type Speech,
} from './conversation.ts';
import { complement, difference, lengthOf, type Span, totalOf, union } from './spans.ts';
import { speechSpans } from './speech-spans.ts';
import { syllableNuclei } from './syllables.ts';
import { levelStepMs, type VoiceFeatures, vadWindowMs } from './voice-features.ts';

export interface Heard {
  readonly durationMs: number;
  /** Of the customer; what is played to whom meanwhile is no conversation. */
  readonly holds: readonly Span[];
  readonly voices: Readonly<Record<Voice, VoiceFeatures>>;
}

/** Of less speech than this neither pace nor level is told. ms */
const leastSpeechMs = 2_000;

/** Everything that is told of a call, from what was heard on its two channels. The same sound gives the same track. */
export function trackOf(heard: Heard): AnalysisTrack {
  const { durationMs } = heard;
  const whole = { fromMs: 0, toMs: durationMs };
  const holds = complement(whole, complement(whole, union(heard.holds)));
  const told = { agent: voiceOf(heard, 'agent', holds), customer: voiceOf(heard, 'customer', holds) };
  const speech: Speech = { agent: told.agent.speech, customer: told.customer.speech };
  const overlaps = overlapsOf(speech);
  const interruptions = interruptionsOf(speech);
  const deadAir = deadAirOf(speech, holds);
  const responses = responsesOf(speech, holds);
  const count = (by: Voice) => interruptions.filter((one) => one.by === by).length;
  const rounded = (ms: number | null) => (ms === null ? null : Math.round(ms));
  const longest = deadAir.reduce<Span | null>(
    (longer, span) => (longer && lengthOf(longer) >= lengthOf(span) ? longer : span),
    null,
  );
  const holdMs = totalOf(holds);
  const summary: AnalysisSummary = {
    durationMs,
    talk: {
      agentMs: totalOf(speech.agent),
      customerMs: totalOf(speech.customer),
      bothMs: totalOf(overlaps),
      holdMs,
      silenceMs: durationMs - holdMs - totalOf(union([...speech.agent, ...speech.customer])),
    },
    interruptions: { agent: count('agent'), customer: count('customer') },
    response: {
      count: responses.length,
      medianMs: rounded(quantile(responses, 0.5)),
      p90Ms: rounded(quantile(responses, 0.9)),
    },
    deadAir: { count: deadAir.length, totalMs: totalOf(deadAir), longest },
    pace: { agent: told.agent.pace, customer: told.customer.pace },
    level: { agent: told.agent.level, customer: told.customer.level },
    raised: { agent: told.agent.raisedCount, customer: told.customer.raisedCount },
  };
  return {
    version: 1,
    durationMs,
    speech: { agent: pairs(speech.agent), customer: pairs(speech.customer) },
    overlaps: pairs(overlaps),
    interruptions,
    deadAir: pairs(deadAir),
    holds: pairs(holds),
    arousal: {
      stepMs: arousalStepMs,
      agent: told.agent.arousal.values,
      customer: told.customer.arousal.values,
    },
    raised: { agent: pairs(told.agent.arousal.raised), customer: pairs(told.customer.arousal.raised) },
    summary,
  };
}

function voiceOf({ durationMs, voices }: Heard, voice: Voice, holds: readonly Span[]) {
  const features = voices[voice];
  const speech = difference(speechSpans(features.probabilities, vadWindowMs, durationMs), holds);
  const spokenMs = totalOf(speech);
  const nuclei = syllableNuclei(features, speech);
  const arousal = arousalOf(features, speech, nuclei, durationMs);
  const enough = spokenMs >= leastSpeechMs;
  return {
    speech,
    arousal,
    pace: enough ? tenths((1_000 * nuclei.length) / spokenMs) : null,
    level: enough ? tenths(activeLevel(features, speech)) : null,
    raisedCount: arousal.known ? arousal.raised.length : null,
  };
}

/** dB below full scale of the time in which speech is active, as ITU-T P.56 defines it, with our own activity. */
function activeLevel({ levels }: VoiceFeatures, speech: readonly Span[]): number {
  let power = 0;
  let steps = 0;
  for (const { fromMs, toMs } of speech) {
    for (let step = Math.ceil(fromMs / levelStepMs); step * levelStepMs < toMs; step++) {
      power += 10 ** ((levels[step] ?? -120) / 10);
      steps++;
    }
  }
  return 10 * Math.log10(Math.max(1e-12, power / Math.max(1, steps)));
}

const tenths = (value: number): number => Math.round(value * 10) / 10;
const pairs = (spans: readonly Span[]): TrackSpan[] => spans.map(({ fromMs, toMs }) => [fromMs, toMs]);
