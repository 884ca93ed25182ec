/**
 * Hanyu Pinyin for the conversations of the demo. Debian's speech synthesiser reads only part of the Chinese characters
 * aloud and spells the others in English, but it reads pinyin with tone numbers well. So the characters that our own
 * texts use are listed here, each with its most common reading, and the words that read otherwise below.
 */
const readingsTable = `
  a5 啊 ai1 哎 an1 安 an4 按 ba1 八 ba3 把 ba5 吧 bai2 白 bai3 百 ban1 搬 ban3 板 ban4 半办 bang1 帮
  bao1 包 bao3 宝保 bao4 抱报 bei4 备 ben3 本 bi3 笔比 bian1 边 bian3 扁 bian4 便遍 biao1 标 bing1 冰
  bu3 补 bu4 不部 cai2 才 can1 参 cao3 草 ceng2 层 cha2 查 cha4 差 chai1 拆 chang2 常偿 chao1 超
  che1 车 cheng1 称 cheng2 成程城 chi1 吃 chi3 尺 chu1 出 chu2 厨 chu3 处 chuan1 穿 chun1 春 ci2 瓷
  ci4 次 cong2 从 cu4 促 cun4 寸 cuo4 错 da2 答 da3 打 da4 大 dai4 待带袋 dan1 单耽 dan4 但蛋 dang1 当
  dao4 到道 de5 的得 deng3 等 di3 底 di4 地递第 dian3 点 dian4 电店 diao4 掉 ding4 订定 dong1 东 dong4 动
  dou1 都 duan3 短 dui4 对 dun4 囤 duo1 多 e2 额 en4 嗯 er2 儿 er3 尔 er4 二 fa1 发 fa3 法 fan1 翻 fan2 烦
  fan3 反 fan4 范 fang1 方 fang2 房 fang4 放 fei1 非 fei4 费废 fen1 分 fen4 份 feng1 封 fu2 服
  fu4 负付附傅 gai1 该 gai3 改 gai4 概 gan3 感敢 gang1 刚 gao1 高糕 gao4 告 ge2 格 ge4 个 gei3 给
  gen1 根跟 gong1 工公 gou4 购够 gua4 挂 guan1 关 guan3 管 gui1 规 gui4 柜 guo3 裹果 guo4 过 hai2 孩还
  hai4 害 hao3 好 hao4 号 he2 核河 hen3 很 hong2 红 hou4 后候 hu4 户护 hua4 话化 huai4 坏 huan4 换
  hui2 回 hui4 会惠 huo2 活 huo4 货 ji1 机 ji2 急 ji3 几己 ji4 记寄 jia1 家加 jia3 假 jia4 价 jian1 间
  jian3 减拣 jian4 建见件 jie1 接 jie2 结洁 jie3 解 jin1 今 jin4 近 jing1 经 jiu3 久九 jiu4 就旧救 ju3 矩
  jue2 觉绝 ka3 卡 kai1 开 kan4 看 ke3 可 ke4 客 kong1 空 kong3 孔 kou3 口 ku4 裤库 kuai4 快块 kuan3 款
  kuang4 况 kui4 馈 lai2 来 lan4 烂 lao3 老 le5 了 lei1 勒 li2 离 li3 里理 li4 厉 lian2 联 lian4 链
  liang2 量 liang3 两 lie4 列 ling2 零 ling3 领 ling4 另 liu2 流留 liu4 六 lou2 楼 lou4 漏 lu4 录路
  ma1 妈 ma2 麻 ma3 马码 ma5 吗 mai3 买 man3 满 me5 么 mei2 没莓 mei3 每 men2 门 men5 们 mi3 米
  mian3 免 mian4 面 miao2 描 ming2 明名 mo2 模 mo4 默 na3 哪 na4 那 ne5 呢 nei4 内 neng2 能 ni3 你
  nian2 年 niao4 尿 nin2 您 niu3 钮 nong4 弄 o4 哦 ou3 偶 pai1 拍 pai4 派 pei2 赔 pei4 配 peng4 碰
  pian1 偏 pian4 片 piao4 票 pin3 品 po4 破 pu4 铺 qi1 七期 qi2 其骑 qi3 起 qi4 气器 qian1 千 qian2 前钱
  qian4 歉 qiang2 墙 qin1 亲 qing1 轻清 qing2 情 qing3 请 qu3 取 qu4 去 quan2 全 quan4 券 que4 确
  ran2 然 rang4 让 re4 热 ren2 人 ren4 认 reng1 扔 ri4 日 rong2 容 ru2 如 san1 三 sao3 扫 se4 色
  shan1 删 shang1 商 shang4 上 shao1 稍 shao3 少 she4 设 shei2 谁 shen1 申身 shen2 什 sheng1 生
  shi1 师湿 shi2 时十实 shi3 始 shi4 是市事示试 shou1 收 shou3 手 shou4 售受 shu1 殊 shu4 数 shui3 水
  shui4 税 shun4 顺 shuo1 说 si1 司 si4 四 song4 送 su4 诉 suan4 算 sui2 随 sun3 损 suo3 所 ta1 他它
  tai2 抬 tai4 太 te4 特 teng2 疼 ti2 题提 tian1 天 tian2 填 tiao2 调条 ting1 听 ting2 停 tong1 通
  tong2 同 tou2 头投 tu2 图 tui3 腿 tui4 退 wai4 外 wan2 完 wan3 晚 wan4 万 wei2 维围 wei4 为位味 wen4 问
  wo3 我 wu2 无 wu3 午五 wu4 务物误 xi1 西息 xi4 系 xia4 下 xian1 先鲜 xian3 显险 xian4 线现 xiang1 箱相
  xiang3 想享响 xiang4 像 xiao3 小 xiao4 效 xie3 写 xie4 谢 xin1 心新 xin4 信 xing1 星 xing2 行
  xing4 兴 xiu1 修 xu1 需 xuan3 选 xun2 询 ya1 压 ya5 呀 yang4 样 yao4 要 ye3 也 ye4 页 yi1 一 yi2 宜
  yi3 以已 yi4 议易意 yin1 因 yin2 银 yin4 印 ying1 应 ying2 营 yong4 用 you1 优 you2 由邮 you3 有
  you4 又 yu2 愉 yu4 预 yuan2 员原元 yue1 约 yue4 月 yun4 运 zai4 在再 zang4 脏 zao3 早 ze2 责则 zen3 怎
  zhan4 站 zhang1 张 zhang3 长 zhang4 账 zhao3 找 zhao4 照 zhe4 这 zhe5 着 zhen1 真 zheng3 整
  zhi1 知之 zhi2 直 zhi3 纸只止址 zhi4 置 zhong1 中钟 zhong4 重 zhu4 祝注住 zhuan1 专砖 zhuan3 转
  zhuang1 装 zhun3 准 zi1 咨 zi4 自字 zi5 子 zou3 走 zui4 最 zuo2 昨 zuo4 做作
`;

/** Words in which a character is read differently. Longer ones are tried first. */
const words: Readonly<Record<string, string>> = {
  一模一样: 'yi4 mu2 yi2 yang4',
  差不多: 'cha4 bu5 duo1',
  便宜: 'pian2 yi5',
  银行: 'yin2 hang2',
  差价: 'cha1 jia4',
  加长: 'jia1 chang2',
  多长: 'duo1 chang2',
  重新: 'chong2 xin1',
  为止: 'wei2 zhi3',
  着急: 'zhao2 ji2',
  电子: 'dian4 zi3',
  又得: 'you4 dei3',
  妈妈: 'ma1 ma5',
  谢谢: 'xie4 xie5',
  试试: 'shi4 shi5',
  看看: 'kan4 kan5',
  师傅: 'shi1 fu5',
  东西: 'dong1 xi5',
  麻烦: 'ma2 fan5',
  先生: 'xian1 sheng5',
  时候: 'shi2 hou5',
  知道: 'zhi1 dao5',
  家里: 'jia1 li5',
  这里: 'zhe4 li5',
  箱子里: 'xiang1 zi5 li5',
};

/** A Chinese character without a reading here. */
export class UnknownCharacterError extends Error {
  override readonly name = 'UnknownCharacterError';
}

const readings = new Map<string, string>();
for (const [, syllable, characters] of readingsTable.matchAll(/([a-z]+[1-5]) (\S+)/g))
  for (const character of characters!) readings.set(character, syllable!);

const longestWord = Math.max(...Object.keys(words).map((word) => word.length));

const marks: Readonly<Record<string, string>> = {
  '，': ',',
  '。': '.',
  '？': '?',
  '！': '!',
  '、': ',',
  '；': ',',
};

/**
 * Chinese text as syllables with tone numbers (5 is the neutral tone), a space between, sentence marks in ASCII:
 * 一个，不是。 → "yi2 ge4, bu2 shi4."
 * Throws UnknownCharacterError for a character that is not listed.
 */
export function pinyin(text: string): string {
  const syllables: string[] = [];
  for (let at = 0; at < text.length; ) {
    const character = text[at]!;
    const mark = marks[character];
    if (mark !== undefined) {
      syllables[syllables.length - 1] += mark;
      at++;
      continue;
    }
    const word = wordAt(text, at);
    if (word) {
      syllables.push(...words[word]!.split(' '));
      at += word.length;
      continue;
    }
    const reading = readings.get(character);
    if (!reading) throw new UnknownCharacterError(`no reading for ${character}`);
    syllables.push(reading);
    at++;
  }
  return changeTones(text, syllables).join(' ');
}

function wordAt(text: string, at: number): string | undefined {
  for (let length = longestWord; length > 1; length--) {
    const word = text.slice(at, at + length);
    if (word.length === length && word in words) return word;
  }
  return undefined;
}

/** 不 is bu2 before a fourth tone; 一 is yi2 before a fourth tone and yi4 before others, but yi1 as a digit. */
function changeTones(text: string, syllables: string[]): string[] {
  const digits = /[零一二三四五六七八九]{3,}/.test(text);
  return syllables.map((syllable, i) => {
    const tone = syllables[i + 1]?.[syllables[i + 1]!.search(/[1-5]/)];
    if (tone === undefined) return syllable;
    if (syllable === 'bu4' && tone === '4') return 'bu2';
    if (syllable === 'yi1' && !digits && !isOrdinal(syllables[i - 1])) return tone === '4' ? 'yi2' : 'yi4';
    return syllable;
  });
}

/** 第一, 十一, 星期一 keep the first tone. */
function isOrdinal(before: string | undefined): boolean {
  return before === 'di4' || before === 'shi2' || before === 'qi1';
}
