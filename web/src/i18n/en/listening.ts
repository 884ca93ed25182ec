export const listening = {
  title: 'Live room',
} as const;
