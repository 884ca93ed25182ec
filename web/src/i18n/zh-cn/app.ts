import type { app as english } from '../en/app.ts';
import type { SameKeys } from '../strings.ts';

export const app: SameKeys<typeof english> = {
  product: '云听',
  skipToContent: '跳到正文',
  navigation: '主导航',
  nav: {
    today: '今日',
    seats: '体验席',
    library: '录音库',
    desk: '坐席台',
    retention: '留存',
    meetings: '会诊',
    operations: '运行',
    me: '我的',
  },
  language: '语言',
  languageName: { en: 'English', 'zh-CN': '中文' },
  switchLanguage: '切换为中文',
  signOut: '退出登录',
  role: {
    listener: '听线人',
    host: '主持人',
    cx: '客户体验组',
    owner: '业务负责人',
    agent: '客服',
    admin: '管理员',
  },
  voice: { agent: '客服', customer: '客户', bot: '机器人' },
  live: '实时',
  behind: '落后 {{length}}',
  over: '已结束',
  close: '关闭',
  speed: '播放速度',
  retry: '重试',
  loading: '加载中',
  quoteCode: '错误代码：{{code}}',
  quoteRequest: '请求编号 {{requestId}}',
  connection: {
    reconnecting: '与服务器的连接断了，正在自动重连；眼前的内容可能不是最新的。',
    back: '已重新连上。',
  },
  notFound: {
    title: '这个地址下没有内容',
    body: '链接可能已经过期，或者复制时少了一截。',
    action: '回到今日',
  },
  crashed: {
    title: '这一页出错了',
    body: '已保存的内容不会丢，重新加载一般就好。',
    action: '重新加载',
  },
  notYours: {
    title: '您的身份看不到这一页',
    body: '您现在的身份是{{name}}（{{role}}）。谁能看什么由业务归属决定，如需调整请找项目组。',
  },
  keys: {
    title: '本页快捷键',
    open: '快捷键',
    help: '显示快捷键',
    search: '搜索',
  },
};
