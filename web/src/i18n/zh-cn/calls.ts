import type { calls as english } from '../en/calls.ts';
import type { SameKeys } from '../strings.ts';

export const calls: SameKeys<typeof english> = {
  pause: {
    begin: '涉及卡号，暂停',
    resume: '恢复收听与录音',
    open_other: '正在录音，{{count}} 人在听',
    openNobody: '正在录音，此刻无人收听',
    openUntold: '正在录音，可能有人在听',
    why: '客户要说卡号等敏感信息前，请先暂停。你们的通话不受影响。',
    paused: '只有你们两人听得到',
    nobody: '现在无人收听，也不录音。',
    until: '若忘了恢复，{{left}} 后会自动恢复。',
    saidPaused: '已暂停，无人收听，也不录音。',
    saidResumed: '已恢复，通话可以被听到，也在录音。',
  },
  paused: '已暂停',
  my: {
    heading: '正在通话',
  },
};
