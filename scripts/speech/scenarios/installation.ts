import { agent, customer, customerInterrupts, hold, type Story } from '../turns.ts';

const installationAppointment: Story = {
  scenarioId: 'installation-appointment',
  customer: 'woman',
  lineIds: ['appliance-installation'],
  skus: { 'appliance-installation': 'northbreeze-aircon' },
  steps: [
    customer(
      'Hello, the fitter was to come between nine and twelve today. It is two o’clock now, and nobody has called.',
      '你好，师傅说今天九点到十二点来安装，现在都两点了，一个电话也没有。',
    ),
    agent(
      'I am very sorry. You have been waiting since the morning?',
      '真的很抱歉。您从早上一直等到现在吗？',
    ),
    customer(
      'I took a day off for it! And with this heat we have no air conditioner.',
      '我专门请了一天假。天这么热，家里没有空调怎么过。',
    ),
    agent(
      'I understand. Let me call the fitter on the other line.',
      '我明白。我用另一条线联系师傅，请您稍等。',
    ),
    hold,
    agent(
      'I have reached him. The job before yours took longer, because a wall had to be drilled. He can be with you at half past three.',
      '联系上了。上一家要打墙孔，耽误了时间，他三点半能到您家。',
    ),
    customerInterrupts(
      'Half past three, for sure? I have heard that before.',
      '三点半真的能到？这话我已经听过一次了。',
    ),
    agent(
      'He is twenty minutes away. I send you his number and stay on it myself until he is there.',
      '他离您二十分钟路程。我把他的电话发给您，我也会一直跟到他上门为止。',
    ),
    customer('And the day that I have lost?', '那我这一天假怎么算？'),
    agent(
      'For a missed appointment there is a compensation of fifty. I have just put it into your wallet.',
      '预约超时我们赔付五十元，我刚刚已经打到您的钱包里了。',
    ),
    customer(
      'All right. It would have been enough if somebody had called me at noon.',
      '好吧。其实中午有人打个电话给我就够了。',
    ),
    agent(
      'You are right, and I will pass that on to the planners.',
      '您说得对，我会把这一点转给负责派单的同事。',
    ),
  ],
};

const installationFee: Story = {
  scenarioId: 'installation-fee',
  customer: 'man',
  lineIds: ['appliance-installation'],
  skus: { 'appliance-installation': 'hearthway-hood' },
  steps: [
    customer(
      'Hi, you advertise free installation. Now the fitter stands in my kitchen and wants two hundred and eighty.',
      '你好，你们写的是免费安装，现在师傅在我家厨房里，要收两百八。',
    ),
    agent('Please do not pay yet. What does he say it is for?', '请您先不要付。他说是什么费用？'),
    customer('For a longer pipe, and for a hole in the tiles.', '说是加长的管子，还有在瓷砖上打孔。'),
    agent(
      'The first hole is included. The pipe is free up to two metres. How long is yours?',
      '第一个孔是免费的，管子两米以内也免费。您家的管子要多长？',
    ),
    customer('He says three metres.', '他说三米。'),
    agent('Then only one metre is to be paid. I look up the price.', '那只有一米是收费的，我查一下价格。'),
    hold,
    agent(
      'One metre of pipe costs forty-five. Anything beyond that is not on our list, and nobody may charge it.',
      '加长一米是四十五块，其他的都不在收费标准里，不能收。',
    ),
    customer(
      'So forty-five and not two hundred and eighty. Can you tell him that?',
      '那就是四十五，不是两百八。你能跟他说吗？',
    ),
    agent(
      'I am calling him right after this. You will also get the price list as a message, so that you can show it.',
      '挂了电话我马上打给他。收费标准我也发短信给您，您可以直接给他看。',
    ),
    customer(
      'Why is the list not shown when I order? I would have measured the pipe.',
      '下单的时候为什么不把标准列出来？早知道我就自己量好了。',
    ),
    agent(
      'That is a fair question. I will put it to the people in charge.',
      '您问得很有道理，我会转给负责的同事。',
    ),
  ],
};

export const installationStories: readonly Story[] = [installationAppointment, installationFee];
