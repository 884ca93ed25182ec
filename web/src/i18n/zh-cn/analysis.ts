import type { analysis as english } from '../en/analysis.ts';
import type { SameKeys } from '../strings.ts';

export const analysis: SameKeys<typeof english> = {
  heading: '这通电话聊得怎么样',
  waiting: '正在分析这通电话，好了会自动显示在这里。',
  failed: '这通电话没能分析出来，录音本身完好。',
  ribbon: {
    name: '对话',
    events: '值得一看的时刻',
    deadAir: '{{at}} 起冷场 {{length}}',
    interruption: {
      agent: '{{at}} 客服打断客户',
      customer: '{{at}} 客户打断客服',
    },
    raised: {
      agent: '{{at}} 客服声音激动起来',
      customer: '{{at}} 客户声音激动起来',
    },
  },
  legend: {
    thick: '线越粗，声音比平时越激动',
    dots: '虚线：冷场',
    arrow: '箭头：打断对方',
    grey: '灰色：同时说话',
  },
  goTo: '跳到 {{at}}',
  seconds: '{{value, number}} 秒',
  response: {
    label: '应答',
    quick: '客服一般 {{median}}后接话，几乎都在 {{p90}}以内。',
    slow: '客服一般 {{median}}后接话，十次里有一次超过 {{p90}}。',
    none: '没有需要客服应答的地方。',
  },
  deadAir: {
    label: '冷场',
    none: '没有三秒以上的冷场。',
    one: '冷场一次，{{length}}。',
    many_other: '冷场 {{count}} 次，共 {{total}}，最长一次 {{length}}。',
  },
  interruptions: {
    label: '打断',
    none: '双方没有互相打断。',
    agent_other: '客服打断 {{count}} 次。',
    customer_other: '客户打断 {{count}} 次。',
    both: '同时说话共 {{length}}。',
  },
  pace: {
    label: '语速',
    both: '每秒音节：客服 {{agent, number}}，客户 {{customer, number}}。',
    agent: '客服每秒 {{agent, number}} 个音节；客户话太少，无法判断。',
    customer: '客户每秒 {{customer, number}} 个音节；客服话太少，无法判断。',
    none: '说得太少，无法判断。',
  },
  voices: {
    label: '声音',
    agent: '客服声音激动：',
    customer: '客户声音激动：',
    even: '双方声音都没有明显高于自己的平时。',
    unknown: '说得太少，无法判断。',
    why: '根据音高、音量和语速，与同一人在本通电话里的平时相比得出的提示。只说明声音有多激动，不说明原因，也不用来评判任何人。',
  },
  level: {
    label: '音量',
    customer: '客户的声音比客服小很多（相差 {{count, number}} dB）。',
    agent: '客服的声音比客户小很多（相差 {{count, number}} dB）。',
  },
  transcript: {
    heading: '通话文字',
    waiting: '正在转写这通电话，好了会自动显示在这里。',
    failed: '这通电话没能转写出来，录音本身完好。',
    empty: '这通电话里没有听清的话。',
    read: '查看文字',
    logged: '您看过文字会留下记录，客服也看得到。',
    by: '由机器转写（{{transcriber}}），难免听错，以录音为准。点一个词，就从那里播放。',
    maskedWhy: '写下之前已遮盖，没有存在任何地方。',
    masked: {
      number: '号码已遮盖',
      phone: '电话号码已遮盖',
      card: '卡号已遮盖',
      'resident-id': '证件号码已遮盖',
      email: '邮箱已遮盖',
      code: '验证码已遮盖',
    },
  },
  share: {
    hold: '保持 {{percent}}',
  },
};
