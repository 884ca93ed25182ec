import { agent, customer, customerInterrupts, hold, type Story } from '../turns.ts';

const wrongSize: Story = {
  scenarioId: 'wrong-size',
  customer: 'woman',
  lineIds: ['supermarket', 'electronics'],
  skus: { supermarket: 'softcub-nappies-l', electronics: 'kestrel-laptop-14' },
  steps: [
    customer(
      'Hello, I have chosen the wrong size. I wanted the big one, and I clicked the small one. It came today.',
      '你好，我把尺寸买错了，想要大的，下单的时候点成了小的，今天刚收到。',
    ),
    agent('No problem. Have you opened it yet?', '没关系。请问您拆开了吗？'),
    customer(
      'Only the outer box. The thing itself is still sealed.',
      '只拆了外面的箱子，里面的东西还没有拆封。',
    ),
    agent(
      'Then we can exchange it. There is a difference in price of twenty.',
      '那可以换货的。两个尺寸差价是二十块钱。',
    ),
    customer('That is fine. But must I pay for sending it back?', '差价没问题。寄回去的运费要我自己出吗？'),
    agent('Let me see whether your order includes free returns.', '我看一下您的订单有没有运费险。'),
    hold,
    agent(
      'It does. The courier brings the big one and takes the small one along, and you pay only the twenty.',
      '有的。快递员会把大号送过来，顺便把小号取走，您只需要补二十块差价。',
    ),
    customerInterrupts(
      'Oh, at the same time? Then I need not pack it twice.',
      '哦，可以一起换？那我就不用再打包了。',
    ),
    agent(
      'Exactly. On the page the two sizes look very much alike. Did the picture mislead you?',
      '是的。页面上两个尺寸的图片看起来很像，您是不是看图点错的？',
    ),
    customer(
      'Yes, both pictures are the same, only the number below is different.',
      '对，两张图一模一样，只有下面的数字不同。',
    ),
    agent(
      'Thank you, that helps us. I will tell the people who make the page.',
      '谢谢您，这个信息很有用，我会告诉做页面的同事。',
    ),
  ],
};

const priceProtection: Story = {
  scenarioId: 'price-protection',
  customer: 'man',
  lineIds: ['electronics', 'supermarket'],
  skus: { electronics: 'lumora-phone-8', supermarket: 'brightday-detergent' },
  steps: [
    customer(
      'Hi. I bought this five days ago, and today it is three hundred cheaper. You promise to protect the price, don’t you?',
      '你好，我五天前刚买的，今天就便宜了三百块。你们不是说有价格保护吗？',
    ),
    agent(
      'Yes, within fifteen days. Have you tried the button for price protection in your order?',
      '有的，十五天之内都可以。您在订单里点过价保的按钮吗？',
    ),
    customer('I have. It says that the sale price does not count.', '点了，它说活动价不参加价保。'),
    agent('The reason is that today’s price is for new customers only.', '是因为今天这个价格是新人专享价。'),
    customerInterrupts(
      'So somebody who buys for the first time pays less than I, who have been here for eight years?',
      '也就是说，第一次来买的人，比我这个买了八年的老客户还便宜？',
    ),
    agent(
      'I understand that this feels unfair. Let me ask what is possible.',
      '我能理解您的感受。我去问一下能不能特殊处理。',
    ),
    hold,
    agent(
      'I may give you back two hundred at once, into your wallet, and a coupon for the other hundred.',
      '我可以马上退两百到您的钱包，另外一百用优惠券补给您。',
    ),
    customer(
      'Then it would be the same price. Fine. But please write down that this is no way to treat old customers.',
      '这样算下来也差不多。可以，但是请你记下来，不能这样对老客户。',
    ),
    agent('I have written it down in your words.', '我已经按您的原话记录了。'),
  ],
};

const warrantyClaim: Story = {
  scenarioId: 'warranty-claim',
  customer: 'man',
  lineIds: ['electronics', 'appliance-installation'],
  skus: { electronics: 'kestrel-laptop-14', 'appliance-installation': 'northbreeze-washer' },
  steps: [
    customer(
      'Hello, the machine I bought ten months ago makes a terrible noise and then switches itself off.',
      '你好，我十个月前买的机器，现在响得厉害，响一会儿就自己关机了。',
    ),
    agent(
      'That should not happen. Does it occur every time, or only now and then?',
      '这确实不应该。是每次都这样，还是偶尔出现？',
    ),
    customer(
      'Since last week every time, after about ten minutes.',
      '从上个星期开始每次都这样，大概用十分钟就关了。',
    ),
    agent(
      'It is under warranty for one year, so the repair costs you nothing.',
      '它在一年保修期内，维修是免费的。',
    ),
    customer(
      'Good. But the last time they told me to wait for two weeks. I need it every day.',
      '那就好。可是上次修说要等两个星期，我每天都要用的。',
    ),
    agent('Let me look for a technician near you.', '我帮您看看附近有没有工程师。'),
    hold,
    agent(
      'Somebody can come on Thursday morning and brings the part along. If that does not help, you get a new one.',
      '星期四上午有工程师可以上门，会把配件带上。如果修不好，就给您换新的。',
    ),
    customer('And if they find that it is not covered?', '要是他们说不在保修范围呢？'),
    agent(
      'Then nothing is repaired before you have said yes to the price. You can find that in the message I am sending you now.',
      '那也会先报价，您同意了才修。这一点我写在马上发给您的短信里。',
    ),
    customer('Thursday morning is fine.', '好的，那就星期四上午。'),
  ],
};

const invoiceRequest: Story = {
  scenarioId: 'invoice-request',
  customer: 'woman',
  lineIds: ['electronics', 'supermarket'],
  skus: { electronics: 'kestrel-laptop-14', supermarket: 'brightday-tissue' },
  steps: [
    customer(
      'Good day, I need an invoice for my company, but the one I got has my own name on it.',
      '你好，我需要开公司抬头的发票，可是收到的发票写的是我个人的名字。',
    ),
    agent(
      'I can have it made out anew. Has your company used this account before?',
      '我可以帮您重新开。您公司以前用这个账户开过票吗？',
    ),
    customer(
      'Yes, in spring. Our accounts close on Friday, so I need it soon.',
      '春天的时候开过。我们星期五就要结账了，所以很急。',
    ),
    agent(
      'Then I have the tax number here, it ends in six six two. Is that still right?',
      '那税号我这边有，最后三位是六六二，请问还对吗？',
    ),
    customer('Six six two, yes, that is right.', '六六二，对的。'),
    agent('The old invoice must be cancelled first. One moment, please.', '需要先把旧的发票作废，请您稍等。'),
    hold,
    agent(
      'Done. The new one is an electronic invoice and will be in your mailbox within two hours.',
      '已经办好了。新的是电子发票，两个小时之内发到您的邮箱。',
    ),
    customer('Do I have to send the old one back?', '旧的发票要寄回去吗？'),
    agent('No, it was electronic, too. Please just delete it.', '不用，旧的也是电子的，您删掉就可以了。'),
    customer(
      'Could the page not ask for the company at once, when I pay? I have never found where to change it.',
      '付款的时候页面能不能直接让人选公司？我每次都找不到在哪里改。',
    ),
    agent(
      'Many people ask for that. I will add your voice to theirs.',
      '很多客户都提过，我把您的意见也加上。',
    ),
  ],
};

export const electronicsStories: readonly Story[] = [
  wrongSize,
  priceProtection,
  warrantyClaim,
  invoiceRequest,
];
