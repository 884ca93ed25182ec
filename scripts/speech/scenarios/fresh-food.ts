import { agent, customer, customerInterrupts, hold, type Story } from '../turns.ts';

const spoiledFresh: Story = {
  scenarioId: 'spoiled-fresh',
  customer: 'woman',
  lineIds: ['fresh-food'],
  skus: { 'fresh-food': 'green-terrace-strawberries' },
  steps: [
    customer(
      'Hello, the strawberries came half an hour ago, and the whole lower layer is squashed and smells.',
      '你好，草莓半个小时前刚送到，下面一层全压烂了，都有味道了。',
    ),
    agent('I am so sorry. How much of it is spoiled, roughly?', '实在抱歉。大概坏了多少？'),
    customer(
      'More than half. They were for my son’s birthday this afternoon.',
      '一大半都坏了。这是下午给我儿子过生日用的。',
    ),
    agent('Please do not eat any of it. When is the party?', '坏的请不要吃。生日会是几点开始？'),
    customer('At four. I cannot bake the cake without them.', '四点。没有草莓蛋糕就做不成了。'),
    agent('I will see what the store near you still has.', '我看一下离您最近的门店还有没有货。'),
    hold,
    agent(
      'The store has fresh ones, and a rider can bring them by half past two. You pay nothing, and the first ones are refunded, too.',
      '门店还有新鲜的，骑手两点半之前能送到。这一份不收您的钱，之前的也全额退款。',
    ),
    customerInterrupts(
      'By half past two? You have saved the birthday.',
      '两点半能到？那真是救了这个生日了。',
    ),
    agent('I am glad. Was there ice in the box when it came?', '那就好。请问收到的时候箱子里有冰袋吗？'),
    customer('One small bag, and it was all water.', '有一个很小的，已经全化成水了。'),
    agent(
      'Thank you, that is worth knowing. I will report it to the people who pack.',
      '谢谢您，这个情况很重要，我会反馈给打包的同事。',
    ),
  ],
};

export const freshFoodStories: readonly Story[] = [spoiledFresh];
