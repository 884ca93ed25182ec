import { expect } from 'chai';
import { createMailsService } from '#domains/mails/mails.service.ts';
import { createMailsStore, type MailsStore } from '#domains/mails/mails.store.ts';
import { giveUpAfterMs, leaseMs } from '#domains/mails/mails.ts';
import { createLog } from '#kernel/log.ts';
import { createMailer } from '#kernel/mail.ts';
import { connectMongo, type MongoConnection } from '#kernel/mongo.ts';
import { parseMime, partsOf } from '#support/mime.ts';
import { SmtpServer } from '#support/smtp-server.ts';
import { freshStores } from '#support/stack.ts';

/** The outbox in a real database, with a mail server at the other end of real sockets; the clock is the test's. */
describe('The outbox', function () {
  this.timeout(30_000);
  let mongo: MongoConnection;
  let store: MailsStore;
  let smtp: SmtpServer;
  let now: number;
  const mailers: { close(): void }[] = [];

  before(async () => {
    mongo = await connectMongo((await freshStores()).MONGODB_URL, createLog('test', 'silent'));
    store = createMailsStore(mongo);
    await store.ready();
  });
  after(() => mongo?.close());
  beforeEach(async () => {
    await mongo.collection('mails').deleteMany({});
    now = Date.UTC(2026, 2, 31);
    smtp = new SmtpServer();
    await smtp.listen();
  });
  afterEach(async () => {
    for (const mailer of mailers.splice(0)) mailer.close();
    await smtp.close();
  });

  /** One server process's outbox: they share nothing but the database. */
  async function open() {
    const mailer = createMailer(smtp.url);
    mailers.push(mailer);
    return createMailsService({
      ...{ store, mailer, sender: 'Cloud Listening', from: 'programme@clearwater.example' },
      recipient: async (personId) =>
        personId === 'nobody'
          ? null
          : { name: { en: 'Tang Xin', zh: '唐欣' }, address: `${personId}@clearwater.example` },
      firstRestMs: 30_000,
      clock: () => now,
      log: createLog('test', 'silent'),
    });
  }
  const mail = (id: string, personId = 'tang') => ({
    id,
    personId,
    about: 'meet_1',
    subject: '会诊邀请 / Invitation: nappies',
    text: '您好\nHello\n.\n..two dots\n',
    calendar: { method: 'REQUEST' as const, content: 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n' },
  });
  const stateOf = async (id: string) =>
    (await mongo
      .collection<{ _id: string; state: string; cause: string; attempts: number }>('mails')
      .findOne({
        _id: id,
      }))!;

  it('delivers a mail with its calendar, whole and in every script', async () => {
    const mails = await open();
    await mails.enqueue(mail('m1'));
    await mails.deliver();
    expect(smtp.mails).to.have.length(1);
    const [{ from, to, raw }] = smtp.mails as [(typeof smtp.mails)[number]];
    expect({ from, to }).to.deep.equal({
      from: 'programme@clearwater.example',
      to: ['tang@clearwater.example'],
    });
    const read = parseMime(raw);
    expect(read.headers.get('subject')).to.equal('会诊邀请 / Invitation: nappies');
    expect(read.headers.get('message-id')).to.equal('<m1@clearwater.example>');
    expect(read.headers.get('to')).to.equal('唐欣 <tang@clearwater.example>');
    const [text] = partsOf(read, 'text/plain');
    expect(text?.text.replaceAll('\r\n', '\n').trim()).to.equal('您好\nHello\n.\n..two dots');
    const [calendar] = partsOf(read, 'text/calendar');
    expect(calendar?.parameters.get('method')).to.equal('REQUEST');
    expect(calendar?.text).to.equal('BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n');
    expect(await stateOf('m1')).to.deep.include({ state: 'sent', attempts: 1, cause: null });
  });

  it('sends what is asked for twice once', async () => {
    const mails = await open();
    await Promise.all([mails.enqueue(mail('m1')), mails.enqueue(mail('m1'))]);
    await mails.deliver();
    await mails.enqueue(mail('m1'));
    await mails.deliver();
    expect(smtp.mails).to.have.length(1);
  });

  it('sends each mail once, however many servers deliver at once', async () => {
    const all = await Promise.all([open(), open(), open()]);
    for (let number = 0; number < 12; number++) await all[0]!.enqueue(mail(`m${number}`, `person-${number}`));
    await Promise.all(all.map((one) => one.deliver()));
    expect(smtp.mails.map(({ to }) => to[0]).sort()).to.deep.equal(
      Array.from({ length: 12 }, (_, number) => `person-${number}@clearwater.example`).sort(),
    );
  });

  it('keeps everything while the mail server is away, and sends it when it is back', async () => {
    const mails = await open();
    await smtp.close();
    await mails.enqueue(mail('m1'));
    await mails.deliver();
    expect(await stateOf('m1')).to.deep.include({ state: 'queued', cause: 'unreachable', attempts: 1 });
    await smtp.listen();
    await mails.deliver();
    expect(smtp.mails, 'not before its rest is over').to.have.length(0);
    now += 30_000;
    await mails.deliver();
    expect(smtp.mails).to.have.length(1);
    expect(await stateOf('m1')).to.deep.include({ state: 'sent', attempts: 2 });
  });

  it('tries again after a refusal for now, later each time, under the same Message-ID', async () => {
    const mails = await open();
    smtp.replies = { ...smtp.replies, data: () => '451 greylisted, come back' };
    await mails.enqueue(mail('m1'));
    await mails.deliver();
    expect(await stateOf('m1')).to.deep.include({ state: 'queued', cause: 'smtp-451' });
    now += 30_000;
    await mails.deliver();
    now += 30_000;
    await mails.deliver();
    expect((await stateOf('m1')).attempts, 'the second rest is twice as long').to.equal(2);
    smtp.replies = { ...smtp.replies, data: () => '250 Taken' };
    now += 30_000;
    await mails.deliver();
    expect(smtp.mails.map(({ raw }) => parseMime(raw).headers.get('message-id'))).to.deep.equal([
      '<m1@clearwater.example>',
    ]);
  });

  it('gives up on a refusal for good, says which, and goes on with the others', async () => {
    const mails = await open();
    smtp.replies = {
      ...smtp.replies,
      rcpt: (address) => (address.startsWith('gone') ? '550 no such user' : '250 OK'),
    };
    await mails.enqueue(mail('m1', 'gone'));
    await mails.enqueue(mail('m2'));
    await mails.deliver();
    expect(await stateOf('m1')).to.deep.include({ state: 'failed', cause: 'smtp-550', attempts: 1 });
    expect(await stateOf('m2')).to.deep.include({ state: 'sent' });
    now += giveUpAfterMs;
    await mails.deliver();
    expect((await stateOf('m1')).attempts).to.equal(1);
  });

  it('gives up after days of trying, with the last cause', async () => {
    const mails = await open();
    await smtp.close();
    await mails.enqueue(mail('m1'));
    now += giveUpAfterMs + 1;
    await mails.deliver();
    expect(await stateOf('m1')).to.deep.include({ state: 'failed', cause: 'unreachable' });
  });

  it('says of somebody without an address that there is none', async () => {
    const mails = await open();
    await mails.enqueue(mail('m1', 'nobody'));
    await mails.deliver();
    expect(await stateOf('m1')).to.deep.include({ state: 'failed', cause: 'no-address' });
    expect(smtp.connections).to.equal(0);
  });

  it('takes a mail over from a server that died with it', async () => {
    const [first, second] = [await open(), await open()];
    await first.enqueue(mail('m1'));
    // It takes the mail and is never heard of again.
    expect((await store.claim(now, now + leaseMs))?.id).to.equal('m1');
    await second.deliver();
    expect(smtp.mails).to.have.length(0);
    now += leaseMs;
    await second.deliver();
    expect(smtp.mails).to.have.length(1);
  });

  it('does not send what a later one has made old', async () => {
    const mails = await open();
    await smtp.close();
    await mails.enqueue(mail('m1'));
    await mails.deliver();
    now += 1_000;
    await mails.enqueue({ ...mail('m2'), subject: 'Updated' });
    await smtp.listen();
    now += 60_000;
    await mails.deliver();
    expect(smtp.mails.map(({ raw }) => parseMime(raw).headers.get('subject'))).to.deep.equal(['Updated']);
    expect(await stateOf('m1')).to.deep.include({ state: 'superseded' });
    expect((await mails.latest('meet_1')).get('tang')?.id).to.equal('m2');
  });

  it('writes nothing down where there is no mail server', async () => {
    const mails = createMailsService({
      ...{ store, mailer: null, sender: 'x', from: undefined, firstRestMs: 1, clock: () => now },
      recipient: async () => null,
      log: createLog('test', 'silent'),
    });
    await mails.enqueue(mail('m1'));
    await mails.deliver();
    expect(await mongo.collection('mails').countDocuments()).to.equal(0);
  });
});
