export const identity = {
  title: 'Sign in',
  headline: 'Hear what your customers really say.',
  pitch:
    'Take a seat and listen to live service calls of your own business. Replay any call later, and turn what you heard into something better.',
  whoAreYou: 'Who would you like to be?',
  demoNote: 'This is a demonstration: pick a person to sign in as, no password needed.',
  noDemo: {
    title: 'Sign-in is not set up here',
    body: 'This installation has no demo personas. Ask the operations team how to sign in.',
  },
  empty: {
    title: 'No personas yet',
    body: 'The demo data is still being prepared. They appear here as soon as it is done.',
  },
  group: {
    listener: 'Hears calls of their own business',
    owner: 'Owns a business and improves it',
    host: 'Plans and leads sessions',
    cx: 'Finds problems across all lines',
    agent: 'Answers the calls',
    admin: 'Keeps it all running',
  },
} as const;
