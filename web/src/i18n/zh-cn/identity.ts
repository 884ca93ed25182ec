import type { identity as english } from '../en/identity.ts';
import type { SameKeys } from '../strings.ts';

export const identity: SameKeys<typeof english> = {
  title: '登录',
  headline: '听见客户\n真正在说什么',
  pitch: '坐上体验席，现场听自己业务的客服通话；听过的随时回放，把听到的问题变成实实在在的改善。',
  whoAreYou: '您以谁的身份进入？',
  demoNote: '这是演示环境：选一个身份即可登录，不用密码。',
  noDemo: {
    title: '这里还没有配置登录方式',
    body: '当前环境没有演示身份，请向运维同事了解怎样登录。',
  },
  empty: {
    title: '还没有演示身份',
    body: '演示数据正在准备，好了就会出现在这里。',
  },
  group: {
    listener: '听自己业务的来电',
    owner: '负责一块业务，推动改善',
    host: '安排场次，主持听线',
    cx: '跨线路发现共性问题',
    agent: '接听客户来电',
    admin: '管权限与运行',
  },
};
