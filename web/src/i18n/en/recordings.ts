export const recordings = {
  title: 'Library',
} as const;
