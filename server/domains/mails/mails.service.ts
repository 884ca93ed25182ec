import type { LocalText } from '#contract/primitives.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import { type Mailer, MailFault } from '#kernel/mail.ts';
import type { MailsStore } from './mails.store.ts';
import { giveUpAfterMs, leaseMs, messageIdOf, type NewMail, restAfter, type StoredMail } from './mails.ts';

export interface MailsDependencies {
  readonly store: MailsStore;
  /** Null where no mail server is configured: then nothing is written down to be sent one day. */
  readonly mailer: Mailer | null;
  readonly from: string | undefined;
  /** Under what name mail comes. */
  readonly sender: string;
  readonly recipient: (personId: string) => Promise<{ name: LocalText; address: string } | null>;
  readonly firstRestMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

export type MailsService = ReturnType<typeof createMailsService>;

/**
 * The outbox: a mail is in the database before anybody tries to send it, and is tried until the mail server has taken it
 * or refused it for good. Logs say which mail, never to whom.
 */
export function createMailsService(deps: MailsDependencies) {
  const { store, mailer, clock, log } = deps;
  let delivering: Promise<void> | undefined;

  async function attempt(mail: StoredMail, through: Mailer, from: string): Promise<void> {
    const recipient = await deps.recipient(mail.personId);
    if (!recipient) {
      await store.settle(mail.id, { state: 'failed', cause: 'no-address' });
      return;
    }
    const { subject, text, calendar } = mail;
    try {
      await through.send({
        ...{ subject, text, calendar },
        messageId: messageIdOf(mail.id, from),
        from: { name: deps.sender, address: from },
        to: { name: recipient.name.zh || recipient.name.en, address: recipient.address },
      });
    } catch (error) {
      const fault = error instanceof MailFault ? error : new MailFault('internal', true, error);
      const now = clock();
      const hopeless = !fault.temporary || now - mail.createdAt > giveUpAfterMs;
      const { attempts } = mail;
      log.warn({ mailId: mail.id, code: fault.code, attempts, hopeless }, 'mail not delivered');
      await store.settle(
        mail.id,
        hopeless
          ? { state: 'failed', cause: fault.code }
          : { dueAt: now + restAfter(attempts, deps.firstRestMs), cause: fault.code },
      );
      return;
    }
    await store.settle(mail.id, { state: 'sent', sentAt: clock(), cause: null });
    log.info({ mailId: mail.id, attempts: mail.attempts }, 'mail delivered');
  }

  async function deliverAll(): Promise<void> {
    if (!mailer || deps.from === undefined) return;
    for (;;) {
      const now = clock();
      const mail = await store.claim(now, now + leaseMs);
      if (!mail) return;
      await attempt(mail, mailer, deps.from);
    }
  }

  return {
    /** Whether mail goes out at all. */
    enabled: mailer !== null,

    /** Written down, and no more: once it is, `deliver` sees to it. The same id again does nothing. */
    async enqueue(mail: NewMail): Promise<void> {
      if (!mailer) return;
      const createdAt = clock();
      const stored: StoredMail = {
        ...mail,
        ...{ state: 'queued', attempts: 0, dueAt: createdAt, cause: null, createdAt, sentAt: null },
      };
      if (await store.insert(stored)) await store.supersede(stored);
    },

    /** Sends what is due, one after the other; several servers may do it at once. */
    async deliver(): Promise<void> {
      delivering ??= deliverAll().finally(() => {
        delivering = undefined;
      });
      await delivering;
    },

    /** Of each person the latest mail about this. */
    async latest(about: string): Promise<Map<string, StoredMail>> {
      if (!mailer) return new Map();
      return new Map((await store.about(about)).map((mail) => [mail.personId, mail]));
    },

    counts: () => store.counts(),
  };
}
