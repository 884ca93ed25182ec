import { type MessagePort, parentPort } from 'node:worker_threads';
import { conversationOf } from '#scripts/speech/conversations.ts';
import { renderConversation } from '#scripts/speech/render.ts';
import { encodeLeg } from './encoding.ts';
import type { StudioAnswer, StudioOrder } from './studio.ts';

/** The thread in which calls are rendered and encoded: the wheel next door must not wait for it. */
const port = parentPort as MessagePort;

port.on('message', (order: StudioOrder) => {
  produce(order).then(
    (answer) => {
      const { agent, customer } = answer.legs;
      port.postMessage(
        answer,
        [agent, customer].flatMap((leg) => [leg.bytes.buffer, leg.sizes.buffer] as ArrayBuffer[]),
      );
    },
    (thrown: unknown) => {
      const error = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
      port.postMessage({ number: order.number, error } satisfies StudioAnswer);
    },
  );
});

async function produce(order: StudioOrder): Promise<Extract<StudioAnswer, { legs: unknown }>> {
  const { scenarioId, lineId, variant, language, seconds, codec } = order;
  const conversation = conversationOf(scenarioId, { lineId, variant });
  const rendered = await renderConversation({ conversation, language, seconds });
  const [agent, customer] = await Promise.all([
    encodeLeg(codec, rendered.agent),
    encodeLeg(codec, rendered.customer),
  ]);
  return { number: order.number, legs: { agent, customer }, holds: rendered.holds };
}
