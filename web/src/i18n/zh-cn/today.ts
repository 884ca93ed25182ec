import type { today as english } from '../en/today.ts';
import type { SameKeys } from '../strings.ts';

export const today: SameKeys<typeof english> = {
  title: '今日',
  greeting: {
    morning: '早上好，{{name}}',
    afternoon: '下午好，{{name}}',
    evening: '晚上好，{{name}}',
  },
  next: {
    heading: '我的下一席',
    inTime: '{{length}}后开始',
    onNow: '正在进行，{{time}} 结束',
    seeSeats: '在席位表中查看',
    none: '您还没有预约席位',
    noneBody: '席位不多，先约先得。这是您业务里最近一场有空席的。',
    noneAtAll: '未来一周没有空席',
    noneAtAllBody: '主持人会陆续安排新场次；有人取消时，空席会马上出现。',
    allSeats: '看全部席位',
    hostHeading: '我的下一场',
    hostSoon: '开场前 15 分钟开放体验室，由您带大家听、选电话。',
    hostNow: '体验室已开放，听线人签到后会陆续进来。',
  },
  live: {
    heading: '我的业务正在通话',
    headingAll: '正在通话',
    count_other: '{{count}} 通',
    listeners_other: '{{count}} 人在听',
    empty: '此刻没有通话',
    emptyBody: '您的线路一有客户来电，这里就会自动出现。',
    noScenario: '来电',
    join: '去听',
    takeSeat: '去入席',
  },
  waits: {
    heading: '等我处理',
    empty: '没有要处理的事',
    emptyBody: '约好的席位会列在这里，听完为止。',
    seat: '已约席位',
    hosting: '由您主持',
  },
  recent: {
    heading: '最近的录音',
    all: '去录音库',
  },
  agent: {
    heading: '您的坐席台',
    body: '在这里发起通话，把链接发给客户；通话时谁在听、之后谁听过，都看得到。',
    action: '去坐席台',
    nobody: '您现在没有通话',
    nobodyBody: '通话时，谁在听会显示在这里；客户要说卡号时，一键即可暂停收听与录音。',
    day_other: '近 24 小时 {{count}} 通，共 {{length}}。',
    heard_zero: '目前没有人听过。',
    heard_other: '其中 {{count}} 通有人听过。',
  },
  admin: {
    heading: '录音都留住了吗？',
    action: '看运行情况',
  },
};
