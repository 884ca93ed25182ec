/** What people say when a call is about something, in one language; `…` leaves room for a few words. */
interface Phrases {
  /** One of these is enough. */
  readonly strong: string;
  /** Two of these are. */
  readonly weak?: string;
}

/**
 * Phrases by tag, parted by `|`. Tags are the programme's scenarios and the topics of the contract. English stands
 * in any form of the word: it is compared by stems.
 */
export const tagWords: Readonly<Record<string, { readonly zh: Phrases; readonly en: Phrases }>> = {
  'nappy-size-swap': {
    zh: {
      strong:
        '纸尿裤…小|尿不湿…小|拉拉裤…小|纸尿裤…穿不下|尿不湿…穿不下|纸尿裤…换码|纸尿裤…换大|尿不湿…换大|穿小的纸尿裤|纸尿裤…换…码|尿不湿…换…码|囤…纸尿裤|囤…尿不湿',
      weak: '纸尿裤|尿不湿|拉拉裤|勒出红印|长得太快|换成大号|孩子长',
    },
    en: {
      strong:
        'nappies…outgrown|outgrown…nappies|diapers…outgrown|outgrown…diapers|nappies…too small|diapers…too small|swap…nappies|swap…diapers|exchange…diapers|exchange…nappies|nappies…size|diapers…size|outgrown them',
      weak: 'nappy|diaper|red marks|grows so fast|swap…packs|baby grows',
    },
  },
  'wrong-size': {
    zh: {
      strong:
        '尺寸…买错|尺码…买错|型号…买错|买错…尺寸|买错…尺码|买错…型号|尺寸…不合适|尺码…不合适|尺码…偏小|尺码…偏大|尺寸不对|尺码不对|型号不对|选错…码|选错…尺寸|拍错…码|拍错…尺寸|拍错…型号|选错…型号|尺码…太小|尺码…太大',
      weak: '尺寸|尺码|换个码|大一码|小一码|换大号|换小号|点错|拍错',
    },
    en: {
      strong:
        'wrong size|wrong model|wrong…size|size…wrong|size…too big|size…too small|not fit|doesnt fit|bigger size|smaller size|size up|size down|another size|different size',
      weak: 'the sizes|too tight|exchange it|clicked the small|clicked the wrong',
    },
  },
  'late-delivery': {
    zh: {
      strong:
        '还没送到|还没到货|一直没到|一直没送|没有送到|还没有送|没收到货|没收到包裹|还没收到|没有收到包裹|物流…没有动|物流…没动|物流…没更新|物流…不更新|快递…没到|包裹…没到|配送超时|超时…没到|送货…晚|迟迟不|说好…到的|什么时候能到|什么时候送到|几天了…没到|催…快递|催…物流|催…配送|怎么还不送',
      weak: '物流信息|还没发货|分拣中心|等了好几天|延误|晚到|耽误',
    },
    en: {
      strong:
        'late delivery|delivery…late|parcel…late|order…late|not arrived|hasnt arrived|never arrived|has not come|hasnt come|not been delivered|hasnt been delivered|has not moved|hasnt moved|tracking…not updated|tracking…hasnt|still waiting for my parcel|still waiting for my order|still waiting for my package|when will it be here|when will it arrive|when…be delivered|promised for|package…late|delivery…delayed|parcel…delayed|order…delayed|where is my parcel|where is my package|where is my order',
      weak: 'sorting centre|delayed|tracking|days late|supposed to arrive',
    },
  },
  'damaged-parcel': {
    zh: {
      strong:
        '包裹…压|包裹…破|包装…破|箱子…破|盒子…破|箱子…压|外箱…破|盒子…压|快递…压坏|快递…摔|压扁|摔坏|摔碎|碎了|破损|漏出来|漏了一地|收到…坏的|收到就是坏',
      weak: '漏液|磕|变形|拍一张面单|湿了|弄脏',
    },
    en: {
      strong:
        'parcel…crushed|box…crushed|package…crushed|parcel…damaged|box…damaged|package…damaged|arrived damaged|arrived broken|came broken|came damaged|leaked out|leaked|smashed|marked as damaged|box…torn|box…dented|shattered|cracked…arrive|arrived…cracked|broken…arrived|delivered…broken',
      weak: 'crushed|dented|damaged|wet paper|soaked',
    },
  },
  'missing-item': {
    zh: {
      strong:
        '少了一件|少了一个|少了一包|少了一瓶|少了两|少发|漏发|少件|少一件|缺了一件|缺一件|只有两件|只收到一|只收到两|少了…配件|缺少…配件|没有…在箱子里|赠品…没有|赠品…没收到|没收到赠品',
      weak: '补发|称重|箱子里只有|翻了两遍|封条',
    },
    en: {
      strong:
        'missing item|item…missing|one…missing|missing from|missing one|not in the box|not in the parcel|not in the package|wasnt in the box|there are only two|only received two|only received one|only got one|only got two|never packed|left out of the box|gift…missing|part…missing|parts are missing',
      weak: 'box was too light|incomplete|is missing|send the missing',
    },
  },
  'spoiled-fresh': {
    zh: {
      strong:
        '烂了|压烂|发霉|长毛|变质|馊了|臭了|不新鲜|有味道了|有异味|化冻|解冻了|坏果|烂果|都蔫了|死虾|虾…臭|肉…臭|水果…坏|草莓…坏|菜…坏|鱼…臭|牛奶…酸|冰袋…化',
      weak: '草莓|冰袋|冷链|新鲜的|大半都坏|坏了多少',
    },
    en: {
      strong:
        'spoiled|rotten|mouldy|moldy|gone bad|went bad|gone off|squashed…smell|not fresh|smells bad|smells off|thawed|defrosted|wilted|strawberries…squashed|fruit…bad|milk…sour|fish…smell|meat…smell|prawns…smell',
      weak: 'strawberries|squashed|ice in the box|fresh ones|smell',
    },
  },
  'price-protection': {
    zh: {
      strong:
        '价保|保价|价格保护|买贵了|降价了|刚买…便宜|刚买…降|便宜了…块|便宜了…百|退差价|补差价|差价…退|买完…降价|买完就降',
      weak: '活动价|新人价|新人专享|老客户|便宜',
    },
    en: {
      strong:
        'price protection|protect the price|price…dropped|price…fell|price…went down|price match|price adjustment|hundred cheaper|now cheaper|today…cheaper|cheaper now|cheaper today|refund the difference|price difference…back|got cheaper|dollars cheaper|lower price…after',
      weak: 'cheaper|sale price|new customers only|old customers',
    },
  },
  'refund-status': {
    zh: {
      strong:
        '退款…没到|退款…没有到|没到账|没有到账|还没到账|退款进度|退款…什么时候|什么时候退款|钱…什么时候退|钱…没退|钱…还没有到|退款…多久|多久…退款|退款到账|退款…查|几时退款|一直不退款',
      weak: '到账|退款已经通过|流水|账单|退回来',
    },
    en: {
      strong:
        'where is my refund|wheres my refund|refund…approved|refund…not arrived|refund…not received|not received…refund|havent received…refund|waiting for…refund|refund…taking|refund status|status of my refund|when…refund|when do i get my money|no money in my account|still no refund|refund hasnt|havent got my money|money back yet|refund yet',
      weak: 'statement every day|my refund|bank sent it back|follow the payment',
    },
  },
  'installation-appointment': {
    zh: {
      strong:
        '师傅…没来|师傅…没有来|安装…没来|没有来安装|师傅…来安装|预约…安装|安装…预约|安装…改期|改…安装时间|安装时间|什么时候安装|安装师傅…迟到|约…安装|上门安装…时间|师傅…三点|师傅…还没到|安装…爽约|预约超时|几点来安装|什么时候来装',
      weak: '师傅|上门|等到现在|请了一天假|装空调|派单',
    },
    en: {
      strong:
        'fitter was to come|fitter…not come|fitter…never|installer…not|installer…never|installer…late|fitter…late|installation appointment|appointment…install|appointment…installation|reschedule…installation|installation…reschedule|when…installer|when…fitter|install…date|missed appointment|technician…install|book…installation|nobody came to install|installer didnt|fitter didnt|installer…show up',
      weak: 'fitter|installer|took a day off|been waiting since|between nine and twelve',
    },
  },
  'installation-fee': {
    zh: {
      strong:
        '免费安装…收|安装费|安装…收费|安装…要收|师傅…收…钱|师傅…要…钱|额外收费|乱收费|辅材费|打孔费|高空费|材料费|收费标准|加长的管子|安装…加钱|另外收费',
      weak: '免费安装|打孔|加长|管子|要收',
    },
    en: {
      strong:
        'free installation|installation fee|installation charge|charge…installation|charged…install|fitter…wants|installer…wants|installer…asked for|extra…installation|pay…installation|fitter…charge|installer…charge|installer…money|extra charge|hidden fee|fee…drilling|longer pipe',
      weak: 'price list|hole in the tiles|metre of pipe|installation cost',
    },
  },
  'warranty-claim': {
    zh: {
      strong:
        '保修|质保|在保|过保|返修|报修|维修|自己关机|自动关机|开不了机|不制冷|不工作了|用了…就坏|坏了…修|修不好|响得厉害|噪音…大|黑屏|充不进电|漏水…洗衣机|洗衣机…漏水|出故障',
      weak: '工程师|配件|修理|坏了|噪音|故障',
    },
    en: {
      strong:
        'under warranty|warranty claim|warranty|covered by the guarantee|stopped working|terrible noise|switches itself off|turns itself off|shuts down by itself|wont turn on|does not turn on|doesnt turn on|not cooling|broke down|needs repair|repair it|repaired|screen…black|not charging|doesnt charge|faulty|defective',
      weak: 'technician|spare part|repair|the noise|broken',
    },
  },
  'invoice-request': {
    zh: {
      strong: '开发票|发票|开票|专票|普票|增值税|抬头|税号|电子发票|换开',
      weak: '报销|结账|公司名',
    },
    en: {
      strong: 'invoice|vat receipt|tax number|tax id|company receipt|receipt for my company|tax receipt',
      weak: 'expense report|made out|accounts close',
    },
  },
  'address-change': {
    zh: {
      strong:
        '改地址|改…地址|地址…改|换…地址|地址填错|地址写错|地址错了|旧地址|新地址|修改收货|收货地址|送错地址|搬家|改一下收件|转寄',
      weak: '地址|出库|河对面|旧房子',
    },
    en: {
      strong:
        'change the address|change my address|change…address|wrong address|old address|new address|address…wrong|update…address|different address|another address|just moved|redirect…parcel|redirect…order|shipping address|delivery address',
      weak: 'the address|old flat|send it on',
    },
  },
  'return-pickup': {
    zh: {
      strong:
        '上门取退货|取退货|上门取件|没人来取|没有人来取|没来取|取件…没来|预约取件|取件时间|退货…取|取件地址|快递员…没来取|来取…退货|退货…上门|催取件|取件员',
      weak: '退货单|退货|取走|三次|我不在家',
    },
    en: {
      strong:
        'pick up my return|pick up the return|return…picked up|collect…return|return…collected|pick-up…return|return pickup|pickup…return|courier…pick up|nobody came to collect|nobody came to pick|collection…return|pick up…returning|the pick-up|missed collection|return label|missed pickup',
      weak: 'my return|stayed at home|three times|the return|pick up|was not there',
    },
  },
  'coupon-problem': {
    zh: {
      strong:
        '优惠券|优惠卷|满减|红包…用不了|券…不能用|券…用不了|券…过期|券…没有减|券…没减|领的券|这张券|代金券|折扣码|优惠码|消费券',
      weak: '自营商品|减三十|减掉|会员页面|购物车',
    },
    en: {
      strong:
        'coupon|voucher|discount code|promo code|promotion code|code…not work|code…doesnt work|discount…not applied|discount…not work',
      weak: 'basket|members page|taken off|valid until',
    },
  },
  complaint: {
    zh: {
      strong:
        '我要投诉|投诉你们|去投诉|要投诉|投诉到|消费者协会|消协|工商局|发起投诉|曝光|太过分|12315|差评|气死',
      weak: '投诉|不满意|太差|失望|欺骗|忽悠|不能这样对',
    },
    en: {
      strong:
        'make a complaint|file a complaint|want to complain|going to complain|formal complaint|opened a complaint|consumer protection|unacceptable|outrageous|lodge a complaint|bad review|ridiculous|disgusted',
      weak: 'complain|complaint|disappointed|no way to treat|unhappy|angry',
    },
  },
  compensation: {
    zh: {
      strong: '赔偿|赔付|补偿|赔我|怎么赔|赔钱|损失…谁|误工费|这一天假怎么算|赔多少',
      weak: '打到您的钱包|损失|清洁费',
    },
    en: {
      strong:
        'compensation|compensate|compensated|make up for|make it up to|pay for the damage|reimburse|reimbursed',
      weak: 'into your wallet|goodwill|day that i have lost|for the cleaning',
    },
  },
  'repeat-contact': {
    zh: {
      strong:
        '打了好几次|打了三次|打了两次|打了几次|打过…电话|打过好几|又打…来|第二次打|第三次打|上次客服|上次打|已经反映|反映过|说了很多次|说过很多|问了好几次|每次都说|又得打|已经打过|催了好几次|等了三次',
      weak: '好几次|又打|每次都|上次',
    },
    en: {
      strong:
        'called three times|called twice|called…times|second time i call|third time i call|third call|second call|called before|already called|called you before|keep calling|call again|call you again|told me last time|have explained this|third time|spoke to somebody last|contacted you…times|every time i call|heard that before|three times now|called…already',
      weak: 'last time|again and again|every time|before i have to ask',
    },
  },
  'cancel-order': {
    zh: {
      strong: '取消订单|订单取消|订单…取消|取消…订单|不想要了|不要了…退|把单取消|撤单|取消发货|不买了',
      weak: '取消|拒收',
    },
    en: {
      strong:
        'cancel my order|cancel the order|cancel this order|cancel…order|order…cancelled|order…canceled|cancel it|do not want it any more|dont want it anymore|dont want it any more',
      weak: 'cancel|refuse the parcel|cancellation',
    },
  },
  'service-attitude': {
    zh: {
      strong:
        '态度…差|态度不好|态度恶劣|服务态度|骂人|骂我|不耐烦|挂我电话|挂了我…电话|凶我|没礼貌|爱理不理|放下就走',
      weak: '态度|推来推去|推卸',
    },
    en: {
      strong:
        'rude|impolite|hung up on me|shouted at me|yelled at me|bad attitude|insulted|unfriendly|put it down and left|attitude…terrible',
      weak: 'attitude|did not care|ignored me',
    },
  },
  'unclear-page': {
    zh: {
      strong:
        '页面…没有写|页面…没写|页面…没说|页面…不清楚|没有写清楚|写得不清楚|没写清楚|没说清楚|规则…不清楚|规则…看不懂|谁能知道|找不到在哪|图片…一样|图一模一样|不列出来|规则不好找|误导|详情页…没|页面上改不了|页面上…很像',
      weak: '页面|小问号|说明里|规则',
    },
    en: {
      strong:
        'written nowhere|not written anywhere|not shown|page…unclear|page does not say|page doesnt say|website doesnt say|website does not say|small print|hard to find|misleading|mislead|pictures are the same|never found where|not clear on the page|page does not let|how should anybody know|fine print|couldnt find where|rule…hard',
      weak: 'the page|website|the rule|look very much alike',
    },
  },
  praise: {
    zh: {
      strong:
        '太好了|真是太感谢|非常满意|服务…好|给你好评|五星好评|表扬|点赞|太棒了|帮了大忙|真贴心|真周到|很满意|救了…生日|这次真快',
      weak: '谢谢你了|很好|满意|贴心',
    },
    en: {
      strong:
        'wonderful|excellent service|very helpful|so helpful|great service|well done|you have saved|made my day|very happy with|very satisfied|that was quick|kind of you|five stars|fantastic|best service',
      weak: 'thank you so much|great|perfect|appreciate it',
    },
  },
};

/**
 * Where a phrase of a tag stands inside other words. The longest match wins, and these stand for nothing: Chinese has
 * no spaces, and 特价保鲜膜 is not about 价保.
 */
export const otherWords: string =
  '特价保|评价保|原价保|低价保|保价值|发票夹|发票据|粉碎|心都碎了|破碎机|碎碎念|打碎机|维修基金|返修率|抬头看|抬头一看|' +
  '抬头纹|臭豆腐|破损险|在保证|在保护|在保持|在保鲜|在保温|过保护|过保鲜|过保质期|满意度|满意吗|地址没问题|地址没错|' +
  '满减肥|服务好像|服务好久|服务好几|great deal of|great many|not perfect';
