export const seats = {
  title: 'Seats',
  zoneThere: '({{time}} {{zone}})',
} as const;
