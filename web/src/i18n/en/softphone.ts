export const softphone = {
  desk: { title: 'Agent desk' },
  customer: { title: 'Call customer service' },
} as const;
