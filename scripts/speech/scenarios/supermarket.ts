import { agent, customer, customerInterrupts, hold, type Story } from '../turns.ts';

/** The story the programme is told by: half a year of nappies, and a baby that grew. */
const nappySizeSwap: Story = {
  scenarioId: 'nappy-size-swap',
  customer: 'woman',
  lineIds: ['supermarket'],
  skus: { supermarket: 'softcub-nappies-m' },
  steps: [
    customer(
      'Hello. In your big sale I bought nappies for half a year, size M, and now my daughter has simply outgrown them.',
      '你好，大促的时候我囤了半年的中号纸尿裤，孩子长得太快，现在已经穿不下了。',
    ),
    agent(
      'I see, she is growing well. How many packs are still unopened?',
      '宝宝长得真好。请问还有几包没有拆封？',
    ),
    customer(
      'Eleven packs. They leave red marks on her legs, so I really cannot use them any more.',
      '还有十一包。现在一穿，腿上就勒出红印，真的没办法再用了。',
    ),
    agent(
      'I am sorry to hear that. The order is four months old, so the seven days for a return are over.',
      '听您这么说我也很心疼。这个订单是四个月前的，七天无理由退货已经过期了。',
    ),
    customerInterrupts(
      'Yes, I know, that is just the problem. Nobody can tell how fast a baby grows.',
      '我知道过期了，问题就在这里，谁也算不准孩子长多快。',
    ),
    agent(
      'You are right. Let me ask what I can do for you. Please stay on the line.',
      '您说得对。我马上帮您申请，请您不要挂机，稍等一下。',
    ),
    hold,
    agent(
      'Thank you for waiting. We swap all eleven packs for size L, free of charge, and the courier takes the old ones at your door.',
      '感谢您的等待。十一包我们全部免费给您换成大号，快递员上门把旧的取走。',
    ),
    customer(
      'Really? Although I bought them so long ago? That is wonderful.',
      '真的吗？买了这么久也能换？那太好了。',
    ),
    agent(
      'The new ones arrive tomorrow before noon. Does that suit you?',
      '新的明天中午前送到，您看方便吗？',
    ),
    customer(
      'Tomorrow is fine. You know, every mother I know has a cupboard full of nappies that are too small. You should make this a rule for everybody.',
      '方便的。其实我身边的妈妈，家里都有一柜子穿小的纸尿裤，你们应该定一个规矩，让大家都能换。',
    ),
    agent(
      'That is a good idea. I will pass it on to my colleagues.',
      '这个建议很好，我会记下来，反馈给负责的同事。',
    ),
  ],
};

const missingItem: Story = {
  scenarioId: 'missing-item',
  customer: 'man',
  lineIds: ['supermarket', 'delivery'],
  skus: { supermarket: 'brightday-tissue', delivery: 'brightday-detergent' },
  steps: [
    customer(
      'Hi, my parcel came this morning, but one thing I paid for is not in the box.',
      '你好，我的包裹今天早上到了，可是付了钱的东西少了一件。',
    ),
    agent('I am sorry about that. Which one is missing?', '非常抱歉。请问少的是哪一件？'),
    customer(
      'I ordered three, and there are only two. I looked through all the packing paper twice.',
      '我订了三件，箱子里只有两件。包装纸我翻了两遍，都没有。',
    ),
    agent('Was the tape on the box still closed when you got it?', '收到的时候，箱子的封条是完整的吗？'),
    customer('Yes, the tape was fine. I think it was never packed.', '封条是好的，我觉得就是漏发了。'),
    agent(
      'I will look at the weight that was measured when the box left us. One moment, please.',
      '我看一下出库时的称重记录，请您稍等。',
    ),
    hold,
    agent(
      'The box was too light, so it was our mistake. I can send the missing one today, or pay the money back.',
      '称重确实偏轻，是我们漏发了。我可以今天给您补发，也可以把这一件的钱退给您。',
    ),
    customer('Please send it. I do need it.', '请补发吧，我等着用。'),
    agent(
      'It is on its way today and will be with you tomorrow. You need not send us any photos.',
      '今天就补发，明天送到，也不需要您再拍照片了。',
    ),
    customer(
      'Good, that was quick. Last time I had to send five pictures.',
      '好的，这次真快，上次还让我拍了五张照片。',
    ),
  ],
};

const couponProblem: Story = {
  scenarioId: 'coupon-problem',
  customer: 'woman',
  lineIds: ['supermarket', 'fresh-food'],
  skus: { supermarket: 'hillside-nuts', 'fresh-food': 'green-terrace-greens' },
  steps: [
    customer(
      'Hello, I have a coupon, thirty off for two hundred, and it says it cannot be used. I have three hundred in my basket!',
      '你好，我有一张满两百减三十的优惠券，一直显示不能用。我购物车里明明有三百块的东西。',
    ),
    agent(
      'Let me see. Is it the red coupon from the members page?',
      '我看一下。是会员页面领的那张红色的券吗？',
    ),
    customer(
      'Yes, the red one. It is valid until tonight, that is why I am calling.',
      '对，红色的那张，今天晚上就过期了，所以我才打电话。',
    ),
    agent(
      'I see the reason. The coupon counts only goods that we sell ourselves. Two of your things come from other shops.',
      '原因找到了。这张券只算自营商品，您购物车里有两件是其他店铺的。',
    ),
    customerInterrupts(
      'But that is written nowhere! How should anybody know?',
      '可是页面上根本没有写啊，谁能知道呢？',
    ),
    agent(
      'It is in the small print behind the little question mark, and I agree that nobody looks there. Let me check what I can do.',
      '它写在小问号后面的说明里，确实不容易看到。我帮您查一下能怎么处理。',
    ),
    hold,
    agent(
      'I have put a new coupon of thirty into your account. It works for everything in your basket and is valid for three days.',
      '我给您账户里补了一张三十块的券，购物车里的商品都能用，三天内有效。',
    ),
    customer('Wait, I try it now. Yes, now it is taken off.', '等一下，我现在试试。好，这回减掉了。'),
    agent(
      'I am glad. I will also report that the rule is hard to find.',
      '太好了。规则不好找的问题，我也会反馈上去。',
    ),
  ],
};

const refundStatus: Story = {
  scenarioId: 'refund-status',
  customer: 'man',
  lineIds: ['supermarket', 'electronics', 'fresh-food'],
  skus: {
    supermarket: 'little-oak-formula-2',
    electronics: 'lumora-earbuds',
    'fresh-food': 'green-terrace-strawberries',
  },
  steps: [
    customer(
      'Good day. Nine days ago you said that my refund was approved, and still there is no money in my account.',
      '你好，九天前就说我的退款已经通过了，到现在钱还没有到账。',
    ),
    agent(
      'I understand. Did you pay by bank card or from your wallet?',
      '我理解您的着急。请问当时是用银行卡还是用钱包付的款？',
    ),
    customer(
      'By credit card. I have looked at the statement every day.',
      '信用卡。我每天都看账单，一直没有。',
    ),
    agent('Let me follow the payment. This takes half a minute.', '我来查一下这笔款的流水，大概需要半分钟。'),
    hold,
    agent(
      'I have found it. The money left us eight days ago, but the bank sent it back, because your card was replaced.',
      '查到了。钱八天前就退出去了，可是因为您换过卡，银行又退了回来。',
    ),
    customer(
      'Yes, I got a new card last month. But why does nobody tell me?',
      '对，上个月我换了新卡。可是为什么没有人告诉我呢？',
    ),
    agent(
      'You are right, there should have been a message. I send it to your new card now. It will be there within one day.',
      '您说得对，应该给您发通知的。我现在退到您的新卡上，一天之内到账。',
    ),
    customer('And if it is not there tomorrow?', '那明天要是还没到呢？'),
    agent(
      'Then I will call you myself. I have written down to look at it tomorrow at three in the afternoon.',
      '那我亲自给您回电话。我已经记好了，明天下午三点我来核实。',
    ),
    customer('All right, I take your word for it.', '行，那我相信你。'),
  ],
};

export const supermarketStories: readonly Story[] = [nappySizeSwap, missingItem, couponProblem, refundStatus];
