import type { follow as english } from '../en/follow.ts';
import type { SameKeys } from '../strings.ts';

export const follow: SameKeys<typeof english> = {
  heading: '听什么',
  mode: {
    self: { name: '自己选', means: '每一通都由您自己选。' },
    line: { name: '本线路', means: '本线路的来电一通接一通，先听刚接通的。' },
    business: { name: '我的业务', means: '您名下各条线路的来电，优先近来没听过的。' },
    surprise: { name: '随心听', means: '给您没听过的，也带一点随机。' },
  },
  wish: '更想听……',
  place: {
    next: '下一个就是您。',
    before_other: '您前面还有 {{count}} 席在等。',
    live_zero: '此刻没有您能听的通话。',
    live_other: '正有 {{count}} 通电话。',
    barred: {
      paused: '正在谈及敏感信息，会为您接下一通。',
      ending: '正在进行的通话马上就要结束。',
      full: '已经有足够多的人在听；选“本线路”可以马上听到。',
      heard: '正在进行的通话您已经听过。',
      elsewhere: '正在进行的通话在这里听不到。',
    },
  },
  whyThis: '为什么是这通：',
  why: {
    sentence: '{{sentence}}。',
    and: '；',
    waitedLongest: '您等得最久',
    waited: '您等了 {{length}}',
    chosen: '是您自己选的',
    wanted: '正是您想听的“{{scenario}}”',
    newScenario: '近 {{days}} 天您还没听过“{{scenario}}”',
    newProduct: '近 {{days}} 天您还没听过{{product}}',
    newAgent: '近 {{days}} 天您还没听过这位客服',
    young: '刚刚接通',
    alone: '还没有别人在听',
    lively: '双方声音起伏较大',
    otherLine: '来自您的另一条线路：{{line}}',
    chance: '也有一点随机',
    only: '眼下您能听的只有这一通',
    best: '所有通话里它最合适您',
  },
  next: '您的下一通：',
  goNow: '现在就听',
  stopped: {
    'another-window': '您已在另一个窗口听线。',
    'slot-over': '本场已结束，不再有来电。',
    'seat-lost': '您的席位已不在，不再有来电。',
    'call-over': '您选的那通电话结束了。',
    'no-answer': '为您接了几通都没有回应，已暂停。想继续听，请重新选择。',
  },
  announce: {
    given: '这通电话：{{about}}。{{why}}',
  },
};
