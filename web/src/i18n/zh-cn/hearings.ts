import type { hearings as english } from '../en/hearings.ts';
import type { SameKeys } from '../strings.ts';

export const hearings: SameKeys<typeof english> = {
  way: {
    live: '实时收听',
    replay: '听录音',
    clip: '听片段',
    meeting: '会上听',
  },
  since: '{{way}}，{{time}} 起正在听',
  span: '{{way}}，{{from}}–{{to}}',
  moment: '{{way}}，{{time}}',
  me: {
    heading: '谁听过我的通话',
    empty: '还没有人听过您的通话',
    emptyBody: '无论实时还是事后，谁听过您的通话、从几点听到几点，都会列在这里。',
    older: '查看更早的',
    ofCall: '{{about}}，{{when}}的通话',
    days: '近一周',
    day_other: '{{day}}：{{people}}听过您的 {{count}} 通电话。',
    people_other: '{{count}} 人',
    digest: '您的线路每天汇总告知一次：今天的收听情况，{{when}}起可查看。',
  },
  told: {
    afterwards: '通话结束后，这里会显示谁听过',
    digest: '见每日汇总',
  },
  notices: {
    heading: '何时告知客服有人在听',
    body: '无论怎么选，客服最终都能看到每一次收听的起止时间。',
    of: '{{line}}的告知时机',
    saved: '{{line}}：{{notice}}',
    live: '当场告知',
    afterwards: '通话后告知',
    digest: '每日汇总',
    liveWhy: '有人收听时，客服当场就能看到是谁、从几点开始。',
    afterwardsWhy: '通话结束后，客服能看到谁听过。',
    digestWhy: '每天结束时，客服会收到一份汇总。',
  },
  hours: {
    heading: '本季度听线时长',
    of: '{{heard}} / {{duty}}',
    done: '本季度已完成。',
    left: '还差 {{left}}，{{until}}截止。',
    noDuty: '项目没有规定时长。',
    live: '其中实时 {{length}}',
    why: '只计声音真正送达的时间；同时开两个窗口只算一次。',
    report: '查看我听过的',
  },
};
