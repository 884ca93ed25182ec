import { deliveryStories } from './scenarios/delivery.ts';
import { electronicsStories } from './scenarios/electronics.ts';
import { freshFoodStories } from './scenarios/fresh-food.ts';
import { installationStories } from './scenarios/installation.ts';
import { supermarketStories } from './scenarios/supermarket.ts';
import { agent, customer, type Step, type Story, type Turn, type Voice } from './turns.ts';

/** A whole call about one scenario, as it is spoken on one line. */
export interface Conversation {
  readonly scenarioId: string;
  readonly lineId: string;
  /** SKU the call is about; undefined where the story fits any product of the line. */
  readonly sku: string | undefined;
  readonly customerVoice: Voice;
  readonly agentVoice: Voice;
  /** What every call has: greeting, and what the customer wants. Never cut. */
  readonly opening: readonly Step[];
  /** The order is looked up. Left out of short calls. */
  readonly identification: readonly Step[];
  /** The story; short calls leave it early. */
  readonly story: readonly Step[];
  readonly closing: readonly Step[];
}

/** The retailer's fifteen scenarios. */
export const stories: readonly Story[] = [
  ...supermarketStories,
  ...electronicsStories,
  ...installationStories,
  ...freshFoodStories,
  ...deliveryStories,
];

const greetings: Readonly<Record<string, Turn>> = {
  supermarket: agent(
    'Good day, this is supermarket after-sales. How can I help you?',
    '您好，这里是超市售后专线，很高兴为您服务，请问有什么可以帮您？',
  ),
  electronics: agent(
    'Hello, you are through to electronics. What can I do for you?',
    '您好，数码专线，请问有什么可以帮您？',
  ),
  'appliance-installation': agent(
    'Good day, home appliance installation. How may I help?',
    '您好，家电安装专线，请问有什么可以帮您？',
  ),
  'fresh-food': agent(
    'Hello, this is the fresh food line. How can I help you?',
    '您好，这里是生鲜专线，请问有什么可以帮您？',
  ),
  delivery: agent('Good day, delivery service. What is it about?', '您好，配送专线，请问您要咨询什么问题？'),
};

/** Last digits of order numbers as they are read out. Few, so that rendered speech is found again. */
const orderEndings: readonly (readonly [en: string, zh: string])[] = [
  ['four, seven, one, two', '四七一二'],
  ['nine, zero, three, five', '九零三五'],
  ['two, six, eight, eight', '二六八八'],
  ['five, one, four, zero', '五一四零'],
];

function identification(variant: number): Step[] {
  const [en, zh] = orderEndings[variant % orderEndings.length]!;
  return [
    agent(
      'I will look that up for you. What are the last four digits of your order number, please?',
      '我来帮您查一下，麻烦您说一下订单号的后四位。',
    ),
    customer(`${en}.`, `${zh}。`),
    agent(`${en}. Thank you, I have the order here.`, `${zh}，好的，您的订单我看到了。`),
  ];
}

const closing: readonly Step[] = [
  agent('Is there anything else that I can do for you?', '请问还有其他可以帮您的吗？'),
  customer('No, that is all. Thank you very much.', '没有了，谢谢你。'),
  agent('Thank you for calling, and have a nice day. Goodbye.', '不客气，感谢您的来电，祝您生活愉快，再见。'),
  customer('Goodbye.', '再见。'),
];

/**
 * The call about a scenario on one of its lines, the first one unless told. `variant` varies the order number.
 * Throws RangeError for an unknown scenario, or a line on which it does not come up.
 */
export function conversationOf(
  scenarioId: string,
  options: { lineId?: string; variant?: number } = {},
): Conversation {
  const story = stories.find((one) => one.scenarioId === scenarioId);
  if (!story) throw new RangeError(`no scenario ${scenarioId}`);
  const lineId = options.lineId ?? story.lineIds[0]!;
  const greeting = greetings[lineId];
  if (!story.lineIds.includes(lineId) || !greeting)
    throw new RangeError(`scenario ${scenarioId} does not come up on line ${lineId}`);
  const [request, ...rest] = story.steps;
  return {
    scenarioId,
    lineId,
    sku: story.skus[lineId],
    customerVoice: story.customer,
    agentVoice: story.customer === 'woman' ? 'man' : 'woman',
    opening: [greeting, request!],
    identification: identification(options.variant ?? 0),
    story: rest,
    closing,
  };
}

/** One conversation per scenario, each on the scenario's first line. */
export const conversations: readonly Conversation[] = stories.map((story) =>
  conversationOf(story.scenarioId),
);

/** Every conversation that comes up on a line. */
export function conversationsOnLine(lineId: string, variant = 0): Conversation[] {
  return stories
    .filter((story) => story.lineIds.includes(lineId))
    .map((story) => conversationOf(story.scenarioId, { lineId, variant }));
}
