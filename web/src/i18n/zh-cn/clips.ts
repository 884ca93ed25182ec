import type { clips as english } from '../en/clips.ts';
import type { SameKeys } from '../strings.ts';

export const clips: SameKeys<typeof english> = {
  heading: '片段',
  cutNew: '剪一段',
  empty: '这通电话还没有片段。',
  emptyMay: '把该让别人听到的剪出来：在波形上拖动，或从标记开始。',
  untitled: '{{at}} 的片段',
  play: '播放“{{title}}”',
  pause: '暂停“{{title}}”',
  retry: '重试',
  soundFailed: '这个片段放不出来。',
  state: {
    asked: '通话结束后剪辑',
    cutting: '剪辑中',
    ready: '可以听了',
    failed: '没能剪成',
    withdrawn: '已撤回',
  },
  masking: {
    silenced: '个人信息已消音',
    'nothing-found': '没有发现个人信息',
    unchecked: '没有转写：个人信息未消音',
    'in-full': '能听到个人信息',
  },
  maskingWhy: {
    silenced: '转写中遮盖的号码、卡号、电话、证件号，对所有人都是静音。',
    'nothing-found': '转写在这一段里没有遮盖任何内容。',
    unchecked: '没有转写就找不出个人信息。转写完成后会重新剪辑，去掉这些内容。',
    'in-full': '你可以听完整内容；对大多数人，这些字句是静音。',
  },
  talkedAbout: '在“{{title}}”会诊中谈过',
  withdraw: {
    open: '撤回',
    openOf: '撤回“{{title}}”',
    sure: '要撤回这个片段吗？',
    what: '从现在起谁也听不到，会诊议程上也听不到。片段的声音会彻底删除，录音还在。',
    do: '删除声音',
    done: '片段已撤回。',
    by: '{{name}}于{{when}}撤回：{{reason}}',
  },
  cutter: {
    heading: '新片段',
    from: '从',
    to: '到',
    here: '取当前位置',
    length: '长 {{length}}',
    preview: '试听',
    title: '片段标题',
    cancel: '取消',
    cut: '剪下来',
    hint: '在波形上拖动两端。能听这通电话的人都能听到这个片段；录音删除时，片段一并删除。',
  },
  fromMark: {
    ask: '剪下 {{at}} 前后各 20 秒',
    asked: '{{at}} 前后的片段在通话结束几秒后就能听',
    open: '从 {{at}} 的标记剪一段',
  },
  counts: {
    bookmarks_other: '{{count}} 个标记',
    clips_other: '{{count}} 个片段',
  },
};
