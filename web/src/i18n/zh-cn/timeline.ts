import type { timeline as english } from '../en/timeline.ts';
import type { SameKeys } from '../strings.ts';

export const timeline: SameKeys<typeof english> = {
  position: '通话进度',
  positionOf: '{{position}}，全长 {{length}}',
  zoomIn: '放大',
  zoomOut: '缩小',
  paused: '已暂停',
  selection: { from: '片段起点', to: '片段终点' },
  growing: { live: '实时，已 {{length}}' },
  gap: {
    pause: '暂停 {{length}}：无人收听，也没有录音',
    hold: '通话保持 {{length}}',
    silence: '没有声音传来 {{length}}',
    loss: '网络丢失 {{length}}',
    'no-recorder': '当时没有录音机 {{length}}',
  },
};
