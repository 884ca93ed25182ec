import type { AnyErrorCode } from '../../app/api-error.ts';

/** What happened, and what to do about it. The code itself is shown beside, to quote. */
export const errors = {
  'request.invalid': {
    what: 'Something in this request was not right.',
    todo: 'Check what you entered and try again.',
  },
  'request.malformed': { what: 'The request could not be read.', todo: 'Reload the page and try again.' },
  'request.too-large': { what: 'That was more than fits into one request.', todo: 'Send less at a time.' },
  'session.required': { what: 'You are not signed in.', todo: 'Sign in and come back to this page.' },
  'session.csrf': { what: 'This page was open for too long.', todo: 'Reload it and try again.' },
  'telephony.key': {
    what: 'The telephony key was not accepted.',
    todo: 'Ask the operations team to check the key.',
  },
  'ability.denied': {
    what: 'Your role does not include this.',
    todo: 'Ask the programme team if you need it.',
  },
  'scope.denied': {
    what: 'This belongs to a line outside your business.',
    todo: 'The owner map decides who hears which line; the programme team can change it.',
  },
  'not-found': { what: 'This does not exist, or no longer.', todo: 'Go back and look for it in the list.' },
  'route.unknown': {
    what: 'The server does not know this address.',
    todo: 'Reload the page to get the current version.',
  },
  'rate.limited': { what: 'Too many requests in a short time.', todo: 'Wait a moment, then try again.' },
  'idempotency.reused': {
    what: 'This was sent twice with different contents.',
    todo: 'Reload the page and try once more.',
  },
  'slot.full': { what: 'The last seat was just taken.', todo: 'Choose another time on this line.' },
  'slot.over': { what: 'This slot is over.', todo: 'Choose a later one.' },
  'slot.overlap': {
    what: 'Another slot of this line runs at that time.',
    todo: 'Choose a time that is free on this line.',
  },
  'reservation.exists': { what: 'You already have a seat in this slot.', todo: 'Nothing more is needed.' },
  'reservation.state': {
    what: 'The reservation has changed in the meantime.',
    todo: 'Reload to see how it stands now.',
  },
  'check-in.early': {
    what: 'Check-in is not open yet.',
    todo: 'It opens 15 minutes before the slot starts.',
  },
  'check-in.late': { what: 'The slot has ended, check-in is closed.', todo: 'Reserve a later slot.' },
  'call.exists': { what: 'This call is already open.', todo: 'Use the call that is there.' },
  'call.ended': { what: 'The call has ended.', todo: 'Choose another one.' },
  'call.elsewhere': {
    what: 'The call is held by another part of the system.',
    todo: 'Try again in a moment.',
  },
  'call.paused': {
    what: 'Listening and recording are paused already.',
    todo: 'Nothing needs to be done; resume when you are through.',
  },
  'call.not-paused': {
    what: 'This call is not paused.',
    todo: 'It may be heard and is recorded. Pause it again if you need to.',
  },
  'call.legs': { what: 'The call cannot take another voice.', todo: 'End one of its legs first.' },
  'leg.exists': { what: 'This voice is already part of the call.', todo: 'Nothing more is needed.' },
  'leg.codec': {
    what: 'This sound format is not supported.',
    todo: 'Use PCMU, PCMA or Opus.',
  },
  'seat.required': {
    what: 'You need a checked-in seat on this line to hear it.',
    todo: 'Check in to your slot, or reserve one.',
  },
  'listening.unknown': { what: 'You are no longer listening to this call.', todo: 'Join again.' },
  'listening.none-live': {
    what: 'No call is live on this line right now.',
    todo: 'Stay: the next one is offered as soon as it starts.',
  },
  'listening.produce': {
    what: 'Listeners cannot send sound.',
    todo: 'Nothing to do: nobody can hear you.',
  },
  'listening.delayed': {
    what: 'Your seat hears calls a few seconds later, never live.',
    todo: 'Go on listening: everything is there, a little behind.',
  },
  'shift.unavailable': {
    what: 'The sound from before cannot be fetched right now.',
    todo: 'Go live, or try again in a moment. The recording is replayed once the call is over.',
  },
  'media.parameters': {
    what: 'The browser offered a connection the server cannot use.',
    todo: 'Reload the page; if it stays so, use a current Chrome, Edge, Firefox or Safari.',
  },
  'media.capabilities': {
    what: 'This browser cannot play the call.',
    todo: 'Use a current Chrome, Edge, Firefox or Safari.',
  },
  'media.unavailable': {
    what: 'Live audio is not available right now.',
    todo: 'It comes back by itself; try again in a moment.',
  },
  'media.full': {
    what: 'The live plane has as many listeners as it can carry well.',
    todo: 'Try again in a few minutes.',
  },
  'customer-link.used': {
    what: 'This link was used already. It works once.',
    todo: 'Ask the agent for a new one.',
  },
  'customer-link.unknown': {
    what: 'This link is not known, or too old.',
    todo: 'Ask the agent for a new one.',
  },
  'recording.not-ready': {
    what: 'The recording is still being prepared.',
    todo: 'It is usually ready seconds after the call ends.',
  },
  'recording.deleted': {
    what: 'This recording was deleted.',
    todo: 'It cannot be brought back. That it was deleted, when and why stays on record.',
  },
  'recording.held': {
    what: 'A legal hold keeps this recording.',
    todo: 'It can be deleted after every hold on it is released.',
  },
  'recording.too-young': {
    what: 'This recording must be kept for longer.',
    todo: 'Its policy says until when nothing may delete it.',
  },
  'recording.no-retry': {
    what: 'There is nothing to be tried again with this recording.',
    todo: 'Reload to see how it stands now.',
  },
  'tag.decided': {
    what: 'Somebody else has decided on this tag meanwhile.',
    todo: 'What they decided is shown now; change it if you see it otherwise.',
  },
  'bookmark.changed': {
    what: 'This mark was changed in another window meanwhile.',
    todo: 'It is shown as it is now; change it again if you see it otherwise.',
  },
  'clip.not-ready': {
    what: 'This clip is not cut yet.',
    todo: 'It can be played seconds after the call has ended.',
  },
  'clip.withdrawn': {
    what: 'This clip was taken back: its sound is deleted.',
    todo: 'Ask whoever took it back; the recording may still be there.',
  },
  'clip.no-retry': {
    what: 'There is nothing to try again with this clip.',
    todo: 'Look at how it stands now.',
  },
  'notes.update': {
    what: 'What was written here could not be merged into the shared notes.',
    todo: 'Copy it, reload the page and paste it again.',
  },
  'notes.full': { what: 'The shared notes are full.', todo: 'Shorten them; what you wrote is kept here.' },
  'meeting.changed': {
    what: 'Somebody else has changed this meanwhile.',
    todo: 'What stands there now is shown; put in what is yours once more.',
  },
  'meeting.state': {
    what: 'The meeting is over or was called off.',
    todo: 'Reload to see how it stands now.',
  },
  'store.unavailable': {
    what: 'The database does not answer.',
    todo: 'Try again in a moment; the operations team sees it too.',
  },
  'store.storage': {
    what: 'The audio archive does not answer.',
    todo: 'The recording is safe. Try again in a moment.',
  },
  internal: {
    what: 'Something went wrong on our side.',
    todo: 'Try again; if it stays so, tell the operations team the code.',
  },
  'client.offline': {
    what: 'The server cannot be reached.',
    todo: 'Check your network; the page carries on by itself.',
  },
  'client.timeout': { what: 'The server took too long to answer.', todo: 'Try again in a moment.' },
  'client.shift-unsupported': {
    what: 'This browser cannot play a call from before.',
    todo: 'You hear it live. A current Chrome, Edge, Firefox or Safari over HTTPS can go back.',
  },
  'client.opus-unsupported': {
    what: 'This browser cannot decode this call’s sound from before.',
    todo: 'You hear it live. A current Chrome, Edge or Firefox can go back.',
  },
  'client.unexpected': {
    what: 'Something unexpected happened in this page.',
    todo: 'Reload it; if it stays so, tell the operations team.',
  },
} as const satisfies Record<AnyErrorCode, { what: string; todo: string }>;
