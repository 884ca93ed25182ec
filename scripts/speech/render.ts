import { planCall, type Voiced } from './call-plan.ts';
import type { Conversation } from './conversations.ts';
import { Dice } from './dice.ts';
import { holdAnnouncement, holdMusic } from './recordings.ts';
import { SAMPLE_RATE, speak } from './synthesis.ts';
import type { Language, Speaker, Step, Turn } from './turns.ts';

/** A stretch of a rendered call; ms from its beginning. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

export interface RenderedConversation {
  /** Exactly `seconds` long, both. */
  readonly agent: Int16Array;
  readonly customer: Int16Array;
  /** Hz. */
  readonly sampleRate: 8000;
  /** Who says what when, in order of beginning. */
  readonly turns: readonly (Span & { readonly by: Speaker; readonly text: string })[];
  /** When the customer hears music. */
  readonly holds: readonly Span[];
}

/** A telephone line is never digitally silent: −60 dB. */
const NOISE = 32_768 * 10 ** (-60 / 20);
/** Longer customer turns get an "mm-hm" from the agent, s. */
const ASSENT_AFTER = 4;

const assents: Readonly<Record<Language, readonly string[]>> = {
  en: ['Mm-hm.', 'I see.', 'Yes.'],
  zh: ['嗯。', '好的。', '明白。'],
};

/**
 * A call about the conversation's scenario, as two legs that hear each other: turns with natural pauses, interruptions,
 * assents, and hold music on the agent's leg. A short call leaves out the identification and then the end of the
 * story; a long one pauses more and holds longer. The same input gives the same sound.
 * From 40 s on it has an end; natural are 75 to 150 s.
 * Throws SpeechUnavailableError without espeak-ng, RangeError unless `seconds` is positive.
 */
export async function renderConversation(input: {
  readonly conversation: Conversation;
  readonly language: Language;
  readonly seconds: number;
}): Promise<RenderedConversation> {
  const { conversation, language, seconds } = input;
  if (!(seconds > 0)) throw new RangeError('seconds must be positive');
  const dice = new Dice(`${conversation.scenarioId} ${conversation.lineId} ${language} ${seconds}`);
  const part = (steps: readonly Step[]): Promise<Voiced[]> => voiced(conversation, language, steps);
  const plan = planCall(
    {
      opening: await part(conversation.opening),
      identification: await part(conversation.identification),
      story: await part(conversation.story),
      closing: await part(conversation.closing),
    },
    seconds,
  );

  const length = Math.round(seconds * SAMPLE_RATE);
  const legs: Record<Speaker, Int16Array> = { agent: noise(length, dice), customer: noise(length, dice) };
  const turns: (Span & { by: Speaker; text: string })[] = [];
  const holds: Span[] = [];
  const place = (by: Speaker, samples: Int16Array, at: number, text: string): void => {
    mix(legs[by], samples, at);
    if (at < length) turns.push({ by, text, ...span(at, Math.min(length, at + samples.length)) });
  };

  let cursor = Math.round(0.7 * SAMPLE_RATE);
  let before: { by: Speaker; start: number; end: number } | undefined;
  for (const { step, samples } of plan.steps) {
    if (step.kind === 'hold') {
      const announcement = language === 'en' ? await holdAnnouncement(dice.below(3)) : undefined;
      const from = cursor + Math.round(0.6 * SAMPLE_RATE);
      if (announcement) mix(legs.agent, announcement, from);
      const musicFrom = from + (announcement?.length ?? 0);
      const music = await holdMusic(dice.below(1_000), plan.holdSeconds);
      if (music) mix(legs.agent, music, musicFrom);
      cursor = musicFrom + Math.round(plan.holdSeconds * SAMPLE_RATE);
      if (from < length) holds.push(span(from, Math.min(length, cursor)));
      before = undefined;
      continue;
    }
    const start = startOf(step, before, cursor, plan.pauseFactor, dice);
    place(step.by, samples, start, step.text[language]);
    if (step.by === 'customer' && samples.length > ASSENT_AFTER * SAMPLE_RATE && dice.roll() < 0.6) {
      const words = assents[language][dice.below(3)]!;
      const assent = await speak(language, conversation.agentVoice, words);
      place('agent', assent, start + Math.round(samples.length * dice.between(0.45, 0.75)), words);
    }
    before = { by: step.by, start, end: start + samples.length };
    cursor = Math.max(cursor, before.end);
  }
  turns.sort((a, b) => a.startMs - b.startMs);
  return { ...legs, sampleRate: SAMPLE_RATE, turns, holds };
}

async function voiced(
  conversation: Conversation,
  language: Language,
  steps: readonly Step[],
): Promise<Voiced[]> {
  const result: Voiced[] = [];
  for (const step of steps) {
    if (step.kind === 'hold') {
      result.push({ step, samples: new Int16Array(0) });
      continue;
    }
    const voice = step.by === 'agent' ? conversation.agentVoice : conversation.customerVoice;
    result.push({ step, samples: await speak(language, voice, step.text[language]) });
  }
  return result;
}

/** Where a turn begins, in samples: after a breath, or into the end of what the other says. */
function startOf(
  step: Turn,
  before: { by: Speaker; start: number; end: number } | undefined,
  cursor: number,
  pauseFactor: number,
  dice: Dice,
): number {
  if (step.interrupts && before && before.by !== step.by) {
    const into = Math.round(dice.between(0.4, 0.9) * SAMPLE_RATE);
    return Math.max(before.start + SAMPLE_RATE / 2, before.end - into);
  }
  // An agent looks at a screen before answering.
  const pause = step.by === 'agent' ? dice.between(0.4, 1.1) : dice.between(0.35, 0.8);
  return cursor + Math.round(pause * pauseFactor * SAMPLE_RATE);
}

function mix(leg: Int16Array, samples: Int16Array, at: number): void {
  const end = Math.min(samples.length, leg.length - at);
  for (let i = 0; i < end; i++) leg[at + i] = Math.max(-32_768, Math.min(32_767, leg[at + i]! + samples[i]!));
}

/** Soft noise: white, through a one-pole low-pass. */
function noise(length: number, dice: Dice): Int16Array {
  const samples = new Int16Array(length);
  let state = 0;
  for (let i = 0; i < length; i++) {
    state = 0.6 * state + 0.8 * (dice.roll() * 2 - 1) * Math.sqrt(3);
    samples[i] = Math.round(NOISE * state);
  }
  return samples;
}

const span = (from: number, to: number): Span => ({
  startMs: Math.round((from * 1_000) / SAMPLE_RATE),
  endMs: Math.round((to * 1_000) / SAMPLE_RATE),
});
