import type { OpenCallRequest } from '#contract/calls.ts';
import type { Codec } from '#contract/primitives.ts';
import { newId } from '#kernel/ids.ts';
import { products } from '#scripts/demo-data/company.ts';
import { conversationOf, stories } from '#scripts/speech/conversations.ts';
import type { Script } from './studio.ts';

export const lineIds = [
  'supermarket',
  'electronics',
  'appliance-installation',
  'fresh-food',
  'delivery',
] as const;

const agentsOfLine: Readonly<Record<string, readonly string[]>> = {
  supermarket: ['agent-1', 'agent-2'],
  electronics: ['agent-3'],
  'appliance-installation': ['agent-4'],
  'fresh-food': ['agent-5'],
  // Agent 2 helps out on delivery too, but takes one call at a time: the demo gives them to one line.
  delivery: ['agent-6'],
};

/** The agents that a place has to itself, so that nobody takes two calls at once; all of the line if there are too few. */
function agentsOf(place: number, places: number): readonly string[] {
  const line = place % lineIds.length;
  const agents = agentsOfLine[lineIds[line]!]!;
  const sharing = Math.ceil((places - line) / lineIds.length);
  const own = agents.filter((_, index) => index % sharing === Math.floor(place / lineIds.length));
  return own.length > 0 ? own : agents;
}

/** Length of a call, s: all of it fits the words of a story. */
const SECONDS = { min: 75, max: 150 };

export interface Cast {
  readonly script: Script;
  readonly request: Omit<OpenCallRequest, 'legs'>;
}

/**
 * The `round`-th call of one of `places` (both from 0): places take the lines in turn, and on every line scenarios, agents,
 * languages and codecs take turns too. The product, the length and the customer are drawn by lot.
 */
export function cast(
  place: number,
  round: number,
  codecs: readonly Codec[],
  places: number = lineIds.length,
): Cast {
  const lineId = lineIds[place % lineIds.length]!;
  const scenarios = stories.filter((story) => story.lineIds.includes(lineId));
  // Places that share a line begin apart from each other.
  const turn = round + Math.floor(place / lineIds.length) * 2;
  const { scenarioId } = scenarios[turn % scenarios.length]!;
  const agents = agentsOf(place, places);
  const variant = pick(4);
  const conversation = conversationOf(scenarioId, { lineId, variant });
  const ofLine = products.filter((product) => product.lineIds.includes(lineId));
  const product = ofLine.find(({ sku }) => sku === conversation.sku) ?? ofLine[pick(ofLine.length)];
  return {
    script: {
      scenarioId,
      lineId,
      variant,
      language: (place + round) % 2 === 0 ? 'zh' : 'en',
      seconds: SECONDS.min + pick(SECONDS.max - SECONDS.min + 1),
      codec: codecs[(place + round) % codecs.length]!,
    },
    request: {
      externalId: newId('demo'),
      lineId,
      agentId: agents[turn % agents.length]!,
      customerNumber: `138${digits(8)}`,
      facts: {
        orderId: digits(12),
        scenarioId,
        ...(product ? { sku: product.sku, product: product.name } : {}),
      },
    },
  };
}

const pick = (count: number): number => Math.floor(Math.random() * count);
const digits = (count: number): string => Array.from({ length: count }, () => pick(10)).join('');
