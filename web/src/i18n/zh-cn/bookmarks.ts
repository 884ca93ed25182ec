import type { bookmarks as english } from '../en/bookmarks.ts';
import type { SameKeys } from '../strings.ts';

export const bookmarks: SameKeys<typeof english> = {
  heading: '标记',
  mark: '标记这一刻',
  markShort: '标记',
  marked: '已标记 {{at}}。写下原因，或按 Esc。',
  note: {
    label: '{{at}} 这一刻的备注',
    placeholder: '客户需要的是什么？',
    save: '保存',
    keys: '回车保存，Esc 只留标记',
  },
  visibility: {
    label: '谁能看到',
    private: '仅自己',
    privateWhy: '别人都看不到这个标记。',
    room: '体验室',
    roomWhy: '这一场入席的人和主持人都能看到。',
    programme: '项目',
    programmeWhy: '主持人、CX 团队和这项业务的负责人能看到。',
  },
  remedy: {
    label: '给客户的补救',
    text: '补充说明',
    was: '补救：{{remedy}}',
  },
  noNote: '没有备注',
  sending: '已存在本机，正在发送',
  goTo: '跳到 {{at}}',
  edit: '修改 {{at}} 的标记',
  remove: '删除 {{at}} 的标记',
  removeSure: '删除这个标记和备注？',
  removeYes: '删除',
  removeNo: '保留',
  emptyLive: '这通电话还没有标记。听到值得留下的，按 M 键。',
  emptyRecording: '这通电话没有标记。听的时候按 M 键，就能留下这一刻。',
  pin: '{{at}} {{note}}',
  pinBare: '{{at}} 的标记',
  keyMark: '标记这一刻',
};
