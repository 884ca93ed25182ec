import { createTransport } from 'nodemailer';

export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

export interface MailMessage {
  /** With angle brackets (RFC 5322 §3.6.4). The same for every attempt, so that a receiver knows a repetition. */
  readonly messageId: string;
  readonly from: Mailbox;
  readonly to: Mailbox;
  readonly subject: string;
  readonly text: string;
  /** An iTIP message that goes with it (RFC 6047). */
  readonly calendar: { readonly method: 'REQUEST' | 'CANCEL'; readonly content: string } | null;
}

/** Why a mail was not taken. `code` names the reply or the fault, never an address: `smtp-550`, `unreachable`. */
export class MailFault extends Error {
  readonly code: string;
  /** Trying again later may help. */
  readonly temporary: boolean;

  constructor(code: string, temporary: boolean, cause: unknown) {
    super(`the mail server did not take it: ${code}`, { cause });
    this.name = 'MailFault';
    this.code = code;
    this.temporary = temporary;
  }
}

export interface Mailer {
  /** Resolves when the mail server has taken responsibility (RFC 5321 §4.2.5). Throws MailFault. */
  send(message: MailMessage): Promise<void>;
  close(): void;
}

/** A mail server that says nothing for so long is away. Milliseconds. */
const connectWithinMs = 10_000;
const answerWithinMs = 30_000;

/** One connection a mail: there are few, and a dead one is never reused. */
export function createMailer(url: string): Mailer {
  const transport = createTransport({
    url,
    connectionTimeout: connectWithinMs,
    greetingTimeout: connectWithinMs,
    socketTimeout: answerWithinMs,
    // What is attached is made here: nothing is read from files or fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ messageId, from, to, subject, text, calendar }) {
      try {
        await transport.sendMail({
          ...{ messageId, from, to, subject, text },
          ...(calendar && {
            icalEvent: { method: calendar.method, filename: 'invitation.ics', content: calendar.content },
          }),
        });
      } catch (error) {
        throw faultOf(error);
      }
    },
    close: () => transport.close(),
  };
}

/** A reply of 4yz is for now, one of 5yz for good (RFC 5321 §4.2.1); no reply at all is for now. */
function faultOf(error: unknown): MailFault {
  const { responseCode, code } = error as { responseCode?: unknown; code?: unknown };
  if (typeof responseCode === 'number' && responseCode >= 400) {
    // Wrong credentials are ours to mend: the mail waits for it.
    const temporary = responseCode < 500 || code === 'EAUTH';
    return new MailFault(`smtp-${responseCode}`, temporary, error);
  }
  if (code === 'EENVELOPE' || code === 'EMESSAGE') return new MailFault('unsendable', false, error);
  return new MailFault('unreachable', true, error);
}
