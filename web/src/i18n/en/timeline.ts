export const timeline = {
  position: 'Position in the call',
  positionOf: '{{position}} of {{length}}',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  paused: 'Paused',
  selection: { from: 'Beginning of the clip', to: 'End of the clip' },
  growing: { live: 'Live, {{length}} so far' },
  gap: {
    pause: 'Paused for {{length}}: nobody listened and nothing was recorded',
    hold: 'On hold for {{length}}',
    silence: 'Nothing was sent for {{length}}',
    loss: 'Lost on the network: {{length}}',
    'no-recorder': 'No recorder was running for {{length}}',
  },
} as const;
