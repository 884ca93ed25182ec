export const calls = {
  pause: {
    begin: 'Pause for card details',
    resume: 'Let them hear again',
    open_one: 'Recorded, and {{count}} person listens',
    open_other: 'Recorded, and {{count}} people listen',
    openNobody: 'Recorded; nobody listens right now',
    openUntold: 'Recorded, and it may be listened to',
    why: 'Pause before the customer says a card number or anything else that is nobody’s business. You two keep talking.',
    paused: 'Just the two of you',
    nobody: 'Nobody listens and nothing is recorded.',
    until: 'If you forget, it goes on by itself in {{left}}.',
    saidPaused: 'Paused. Nobody listens and nothing is recorded.',
    saidResumed: 'The call may be heard again and is recorded.',
  },
  paused: 'Paused',
  my: {
    heading: 'On the line now',
  },
} as const;
