import type { LocalText } from '#contract/primitives.ts';

export type Speaker = 'agent' | 'customer';
export type Voice = 'woman' | 'man';
export type Language = 'en' | 'zh';

/** One person says something. Chinese uses characters only: numbers and sizes are written as they are spoken. */
export interface Turn {
  readonly kind: 'turn';
  readonly by: Speaker;
  readonly text: LocalText;
  /** Begins before the other has finished. */
  readonly interrupts: boolean;
}

/** The agent looks something up: music on the agent's leg, the customer waits. */
export interface Hold {
  readonly kind: 'hold';
}

export type Step = Turn | Hold;

/** What is said of one scenario, without the words that every call begins and ends with. */
export interface Story {
  readonly scenarioId: string;
  readonly customer: Voice;
  /** SKU the call is about, by line; on lines without one any product of the line. */
  readonly skus: Readonly<Record<string, string>>;
  readonly lineIds: readonly string[];
  readonly steps: readonly Step[];
}

const turn = (by: Speaker, en: string, zh: string, interrupts = false): Turn => ({
  kind: 'turn',
  by,
  text: { en, zh },
  interrupts,
});

export const agent = (en: string, zh: string): Turn => turn('agent', en, zh);
export const customer = (en: string, zh: string): Turn => turn('customer', en, zh);
export const agentInterrupts = (en: string, zh: string): Turn => turn('agent', en, zh, true);
export const customerInterrupts = (en: string, zh: string): Turn => turn('customer', en, zh, true);
export const hold: Hold = { kind: 'hold' };
