import { agent, customer, customerInterrupts, hold, type Story } from '../turns.ts';

const lateDelivery: Story = {
  scenarioId: 'late-delivery',
  customer: 'man',
  lineIds: ['delivery', 'fresh-food', 'supermarket'],
  skus: {
    delivery: 'lumora-phone-8',
    'fresh-food': 'tidewater-prawns',
    supermarket: 'little-oak-formula-2',
  },
  steps: [
    customer(
      'Good evening. My parcel was promised for yesterday, and it has not moved for two days.',
      '你好，我的包裹说好昨天到的，物流信息两天都没有动过。',
    ),
    agent(
      'I see it. It is lying in the sorting centre. I am sorry about that.',
      '我看到了，现在停在分拣中心，非常抱歉。',
    ),
    customer('Everybody says that. When will it be here?', '每个人都这么说。到底什么时候能到？'),
    agent(
      'I do not want to promise what I do not know. Let me call the centre.',
      '不确定的我不敢随便答应您，我马上打电话问分拣中心。',
    ),
    hold,
    agent(
      'They have found it. The label was torn, so the machine could not read it. It goes out tonight and will be with you tomorrow before ten.',
      '找到了。面单破了，机器扫不出来。今天晚上就发出，明天十点前送到。',
    ),
    customer('I leave the house at half past nine.', '我九点半就要出门了。'),
    agent('Shall the courier leave it at the door, or in the locker?', '那让快递员放门口，还是放快递柜？'),
    customer(
      'Then put it into the locker downstairs, please, number three if it is free.',
      '那就放楼下的快递柜吧，三号柜有空的话就放三号。',
    ),
    agent('The locker it is. You get the code as a message.', '好的，放快递柜，取件码会发短信给您。'),
    customerInterrupts(
      'And please, next time tell me before I have to ask.',
      '还有，下次麻烦你们提前告诉我，不要等我来问。',
    ),
    agent('That is only fair. I have asked for it to be noted.', '您说得对，我已经备注反馈了。'),
  ],
};

const damagedParcel: Story = {
  scenarioId: 'damaged-parcel',
  customer: 'woman',
  lineIds: ['delivery', 'supermarket', 'electronics'],
  skus: {
    delivery: 'brightday-detergent',
    supermarket: 'brightday-detergent',
    electronics: 'lumora-earbuds',
  },
  steps: [
    customer(
      'Hello, my parcel is completely crushed, and something has leaked out of it.',
      '你好，我收到的包裹全压扁了，里面的东西都漏出来了。',
    ),
    agent('Oh dear. Are you all right, has anybody touched it?', '哎呀。您没事吧，有没有人碰到？'),
    customer(
      'I am fine, but the floor in the hall is not. The courier just put it down and left.',
      '人没事，就是门口的地板弄脏了。快递员放下就走了。',
    ),
    agent(
      'Could you keep the box for one day? Somebody will fetch it.',
      '箱子您能先留一天吗？会有人来取走。',
    ),
    customer(
      'Must I take pictures? I have already thrown the wet paper away.',
      '要拍照吗？湿的纸我已经扔掉了。',
    ),
    agent(
      'One picture of the label is enough. I look at the scans meanwhile.',
      '拍一张面单就可以了。我这边同时查一下扫描记录。',
    ),
    hold,
    agent(
      'It was already marked as damaged at the depot and should never have been brought to you. I am sending a new one today.',
      '在站点就已经标记破损了，本来不应该送给您的。我今天重新给您发一件。',
    ),
    customerInterrupts('They knew it, and brought it all the same?', '他们明明知道，还是送过来了？'),
    agent(
      'It seems so, and that is not acceptable. I have opened a complaint with the depot, and thirty for the cleaning are in your wallet.',
      '看起来是这样，这是不可以的。我已经对站点发起投诉，另外补偿您三十元清洁费。',
    ),
    customer('Thank you. Please wrap the next one better.', '谢谢，下一件麻烦包好一点。'),
  ],
};

const addressChange: Story = {
  scenarioId: 'address-change',
  customer: 'man',
  lineIds: ['delivery'],
  skus: { delivery: 'lumora-earbuds' },
  steps: [
    customer(
      'Hi, I have just moved, and my order still goes to the old address. Can you change it?',
      '你好，我刚搬家，订单还是送到旧地址，能帮我改一下吗？',
    ),
    agent(
      'Let me see how far it is. Is the new one in the same city?',
      '我看一下到哪里了。新地址还在同一个城市吗？',
    ),
    customer('Yes, only on the other side of the river.', '同一个城市，就是在河对面。'),
    agent(
      'It has left the store already, so the page does not let you change it. I can try with the depot.',
      '已经出库了，所以页面上改不了。我可以联系站点试试。',
    ),
    customer('Please do. The old flat is empty, nobody would open.', '麻烦你了，旧房子已经空了，没有人收。'),
    hold,
    agent(
      'It works. They send it on to the depot near you. It will come one day later, on Wednesday.',
      '可以改。他们会转到离您近的站点，晚一天，星期三送到。',
    ),
    customer('One day is no trouble. Does it cost anything?', '晚一天没关系。要加钱吗？'),
    agent(
      'No. I send you a link now, please type the new address there, then nothing gets lost in spelling.',
      '不用。我现在发一个链接给您，新地址您自己填，这样不会听错字。',
    ),
    customer('I have it. Done.', '收到了，填好了。'),
    agent(
      'I can see it here. Shall I make it your standard address, too?',
      '我这边看到了。要不要也设成您的默认地址？',
    ),
    customer('Yes, please, or I will call you again next week.', '好的，不然下个星期我又得打过来。'),
  ],
};

const returnPickup: Story = {
  scenarioId: 'return-pickup',
  customer: 'woman',
  lineIds: ['delivery', 'electronics', 'supermarket'],
  skus: { delivery: 'kestrel-laptop-14', electronics: 'lumora-earbuds', supermarket: 'hillside-nuts' },
  steps: [
    customer(
      'Hello, somebody was to pick up my return on Monday. I have stayed at home three times now.',
      '你好，说好星期一上门取退货的，我已经在家等了三次了。',
    ),
    agent('Three times? I am truly sorry. Did anybody call you?', '三次？真的对不起。有人给您打过电话吗？'),
    customer(
      'No, but every time I get a message that I was not there.',
      '没有，可是每次都收到短信，说我不在家。',
    ),
    agent(
      'That must not happen. I look at where the courier was.',
      '这是绝对不应该的，我查一下快递员当时的位置。',
    ),
    hold,
    agent(
      'I see what is wrong. The pick-up goes to building seven, and you live in building seventeen.',
      '我看到问题了。取件地址写的是七号楼，您住的是十七号楼。',
    ),
    customerInterrupts(
      'Seventeen, yes! And in my account it is right.',
      '十七号楼，对啊！我账户里写的是对的。',
    ),
    agent(
      'It was typed in by hand for the return. I have corrected it. Would tonight between seven and eight suit you?',
      '退货单是人工填的，填错了，我已经改好了。今天晚上七点到八点方便吗？',
    ),
    customer('Tonight is good. And when do I get my money?', '今天晚上可以。那我的钱什么时候退？'),
    agent(
      'I release it now, without waiting for the parcel. You have waited long enough.',
      '我现在就给您退，不用等包裹回来，您已经等得够久了。',
    ),
    customer('That is kind of you.', '那谢谢你了。'),
  ],
};

export const deliveryStories: readonly Story[] = [lateDelivery, damagedParcel, addressChange, returnPickup];
