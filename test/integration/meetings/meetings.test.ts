import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bookmarksEndpoints } from '#contract/bookmarks.ts';
import { clipsEndpoints } from '#contract/clips.ts';
import { decisionsEndpoints } from '#contract/decisions.ts';
import type { BodyOf } from '#contract/endpoint.ts';
import { hearingsEndpoints } from '#contract/hearings.ts';
import { type Meeting, meetingsEndpoints } from '#contract/meetings.ts';
import type { RecordingSummary } from '#contract/recordings.ts';
import { retentionEndpoints } from '#contract/retention.ts';
import { sessionReportsEndpoints } from '#contract/session-reports.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { eventOf, parseMime, partsOf } from '#support/mime.ts';
import { type RecorderProcess, startRecorder } from '#support/recorder-process.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { SmtpServer } from '#support/smtp-server.ts';
import { archiveSpoken, spokenCall } from '#support/spoken-archive.ts';
import { freshStores } from '#support/stack.ts';

const refusal = (thrown: unknown) => (thrown instanceof ApiError ? thrown.code : String(thrown));
const hourMs = 3_600_000;

describe('Convening a meeting', function () {
  this.timeout(120_000);
  let server: ServerProcess;
  let recorder: RecorderProcess;
  let smtp: SmtpServer;
  let spoolDir: string;
  let manager: PersonClient;
  let owner: PersonClient;
  let delivery: PersonClient;
  let recordings: RecordingSummary[];
  let meeting: Meeting;
  let markId: string;
  const startsAt = Math.ceil(Date.now() / hourMs) * hourMs + 24 * hourMs;

  before(async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    await archiveSpoken(
      stores,
      [1, 2].map((number) => spokenCall(number, { seconds: 40 })),
    );
    smtp = new SmtpServer();
    await smtp.listen();
    spoolDir = await mkdtemp(join(tmpdir(), 'meetings-'));
    const mail = { SMTP_URL: smtp.url, MAIL_FROM: 'programme@clearwater.example', MAIL_RETRY_MS: '200' };
    [server, recorder] = await Promise.all([
      startServer(stores, { ...mail, ANALYSIS: 'off', PUBLIC_URL: 'https://listen.clearwater.example' }),
      startRecorder(stores, spoolDir),
    ]);
    [manager, owner, delivery] = (await Promise.all(
      ['supermarket-manager', 'mother-baby-owner', 'delivery-director'].map((id) =>
        PersonClient.signIn(server.url, id),
      ),
    )) as [PersonClient, PersonClient, PersonClient];
    recordings = (await manager.recordings.list()).recordings;
    const mark = await manager.api.call(bookmarksEndpoints.mark, {
      body: {
        ...{
          recordingId: recordings[0]!.id,
          offsetMs: 12_000,
          note: '尿不湿穿不下了',
          visibility: 'private',
        },
        ...{ remedy: null, idempotencyKey: randomUUID() },
      },
    });
    markId = mark.id;
  });
  after(async () => {
    await Promise.all([server?.stop(), recorder?.stop()]);
    await smtp?.close();
    if (spoolDir) await rm(spoolDir, { recursive: true, force: true });
  });

  const moments = () => [
    { bookmarkId: markId },
    { recordingId: recordings[1]!.id, fromMs: 4_000, toMs: 14_000, title: 'Second call' },
  ];
  type Plan = BodyOf<typeof meetingsEndpoints.plan>;
  const plan = (extra: Partial<Plan> = {}, who = manager) =>
    who.api.call(meetingsEndpoints.plan, {
      body: {
        ...{ title: 'Nappies that do not fit', startsAt, endsAt: startsAt + hourMs, zone: 'Asia/Shanghai' },
        ...{ place: 'Room 8', moments: moments(), invitees: ['mother-baby-owner', 'delivery-director'] },
        ...{ idempotencyKey: randomUUID(), ...extra },
      },
    });
  const show = (who: PersonClient, id = meeting.id) =>
    who.api.call(meetingsEndpoints.show, { params: { id } });
  /** The mails to somebody so far: what the calendar in each of them says. */
  const mailsTo = (id: string) =>
    smtp.mails
      .filter(({ to }) => to.includes(`${id}@clearwater.example`))
      .map(({ raw }) => {
        const read = parseMime(raw);
        const ics = partsOf(read, 'text/calendar')[0]!.text;
        const { method, properties } = eventOf(ics);
        const of = (name: string) => properties.get(name)?.[0]?.value;
        return { method, sequence: of('SEQUENCE'), uid: of('UID'), start: of('DTSTART'), read, properties };
      });

  it('proposes who answers for what the calls were about, and why', async () => {
    const proposal = await manager.api.call(meetingsEndpoints.propose, { body: { moments: moments() } });
    expect(proposal.moments.map(({ title, fromMs, toMs }) => ({ title, fromMs, toMs }))).to.deep.equal([
      { title: '尿不湿穿不下了', fromMs: 0, toMs: 32_000 },
      { title: 'Second call', fromMs: 4_000, toMs: 14_000 },
    ]);
    const ids = proposal.invitees.map(({ id }) => id);
    expect(ids[0]).to.equal('mother-baby-owner');
    expect(ids).to.include('retail-executive').and.not.include('supermarket-manager');
    expect(proposal.invitees[0]?.owns.map(({ path }) => path.en)).to.include(
      'Consumer goods › Supermarket › Supermarket after-sales',
    );
    expect(proposal.others.map(({ id }) => id))
      .to.include('delivery-director')
      .and.not.include('agent-1');
  });

  it('is refused with moments beyond one’s scope, and to people who do not exist', async () => {
    expect(await plan({}, delivery).catch(refusal)).to.be.oneOf(['scope.denied', 'not-found']);
    expect(await plan({ invitees: ['nobody'] }).catch(refusal)).to.equal('not-found');
    expect(await plan({ endsAt: startsAt }).catch(refusal)).to.equal('request.invalid');
    expect(await plan({ zone: 'Mars/Olympus' }).catch(refusal)).to.equal('request.invalid');
    expect(smtp.mails).to.have.length(0);
  });

  it('mails everybody an invitation, once, also when it is asked for twice', async () => {
    const idempotencyKey = randomUUID();
    meeting = await plan({ idempotencyKey });
    expect((await plan({ idempotencyKey })).id).to.equal(meeting.id);
    expect(await plan({ idempotencyKey, title: 'Another' }).catch(refusal)).to.equal('idempotency.reused');
    expect(meeting).to.deep.include({ state: 'planned', mails: true, mine: true, revision: 1 });
    await eventually(async () =>
      expect((await show(manager)).invitees.map(({ invitation }) => invitation)).to.deep.equal([
        'sent',
        'sent',
      ]),
    );
    expect(smtp.mails).to.have.length(2);
    const [{ method, sequence, start, read, properties }] = mailsTo('mother-baby-owner') as [
      ReturnType<typeof mailsTo>[number],
    ];
    expect({ method, sequence }).to.deep.equal({ method: 'REQUEST', sequence: '0' });
    expect(start).to.equal(new Date(startsAt).toISOString().replace(/[-:]|\.\d{3}/g, ''));
    expect(properties.get('ATTENDEE')).to.have.length(2);
    expect(partsOf(read, 'text/plain')[0]?.text).to.include(
      `https://listen.clearwater.example/meetings/${meeting.id}`,
    );
    // The log says which mail, never to whom.
    expect(server.lines.filter((line) => line.includes('@clearwater.example'))).to.deep.equal([]);
    expect(server.lines.some((line) => line.includes('mail delivered'))).to.equal(true);
  });

  it('is seen by those who are asked and those who look after the programme, and by nobody else', async () => {
    expect((await show(owner)).mine).to.equal(false);
    expect((await show(await PersonClient.signIn(server.url, 'host'))).mine).to.equal(true);
    const stranger = await PersonClient.signIn(server.url, 'fresh-manager');
    expect(await show(stranger).catch(refusal)).to.equal('not-found');
    expect((await stranger.api.call(meetingsEndpoints.list)).meetings).to.deep.equal([]);
    expect((await owner.api.call(meetingsEndpoints.list)).meetings[0]).to.deep.include({
      id: meeting.id,
      items: 2,
      openActions: 0,
    });
  });

  it('is offered as a file, too', async () => {
    const file = await owner.api.call(meetingsEndpoints.invitation, { params: { id: meeting.id } });
    expect(file).to.deep.include({ fileName: 'Nappies-that-do-not-fit.ics', method: 'REQUEST' });
    expect(eventOf(file.ics).properties.get('UID')?.[0]?.value).to.equal(
      mailsTo('mother-baby-owner')[0]?.uid,
    );
  });

  it('sends an update with a higher sequence when it moves, and takes it back from whoever is left out', async () => {
    const moved = startsAt + 2 * hourMs;
    const body = { revision: meeting.revision, startsAt: moved, endsAt: moved + hourMs };
    meeting = await manager.api.call(meetingsEndpoints.change, { params: { id: meeting.id }, body });
    const stale = await manager.api
      .call(meetingsEndpoints.change, { params: { id: meeting.id }, body })
      .catch(refusal);
    expect(stale).to.equal('meeting.changed');
    await eventually(() => expect(mailsTo('delivery-director')).to.have.length(2));
    expect(mailsTo('mother-baby-owner').map(({ sequence }) => sequence)).to.deep.equal(['0', '1']);
    meeting = await manager.api.call(meetingsEndpoints.change, {
      params: { id: meeting.id },
      body: { revision: meeting.revision, invitees: ['mother-baby-owner', 'retail-executive'] },
    });
    await eventually(() => {
      expect(mailsTo('delivery-director').at(-1)).to.deep.include({ method: 'CANCEL', sequence: '2' });
      expect(mailsTo('retail-executive').at(-1)).to.deep.include({ method: 'REQUEST', sequence: '1' });
    });
    expect(mailsTo('mother-baby-owner'), 'nothing new for who stays').to.have.length(2);
    const back = ['mother-baby-owner', 'retail-executive', 'delivery-director'];
    meeting = await manager.api.call(meetingsEndpoints.change, {
      params: { id: meeting.id },
      body: { revision: meeting.revision, invitees: back },
    });
    await eventually(() => {
      expect(mailsTo('delivery-director').at(-1)).to.deep.include({ method: 'REQUEST', sequence: '2' });
    });
  });

  it('lets who is asked hear its clips, also outside their scope, with that as the logged reason', async () => {
    const [first] = meeting.agenda;
    expect(first?.clipId, 'a clip was cut of the mark').to.be.a('string');
    const hear = (who: PersonClient) =>
      who.api.call(meetingsEndpoints.audio, { params: { id: meeting.id, itemId: first!.id } });
    const sound = await eventually(() => hear(delivery), { within: 30_000, every: 300 });
    expect(sound.toMs - sound.fromMs).to.be.within(31_000, 33_000);
    const { status, headers } = await fetch(sound.renderings[0]!.url);
    expect(status).to.equal(200);
    expect(Number(headers.get('content-length'))).to.be.above(10_000);
    expect(await delivery.recordings.audio(first!.recordingId).catch(refusal)).to.equal('scope.denied');
    const { heardBy } = await manager.recordings.show(first!.recordingId);
    expect(heardBy[0]).to.deep.include({ way: 'meeting', live: false });
    expect(heardBy[0]?.name.en).to.equal('Song Hao');
    const agent = await PersonClient.signIn(server.url, 'agent-1');
    const told = await agent.api.call(hearingsEndpoints.ofMe);
    expect(told.hearings[0]).to.deep.include({ way: 'meeting' });
    const stranger = await PersonClient.signIn(server.url, 'fresh-manager');
    expect(await hear(stranger).catch(refusal)).to.equal('not-found');
  });

  it('credits what a player says it has played, and no more than the time that went by', async () => {
    const [first] = meeting.agenda;
    const { hearingId } = await owner.api.call(meetingsEndpoints.audio, {
      params: { id: meeting.id, itemId: first!.id },
    });
    const began = Date.now();
    await eventually(() => expect(Date.now() - began).to.be.above(1_500));
    const played = (toMs: number, who = owner) =>
      who.api.call(hearingsEndpoints.played, {
        params: { id: hearingId },
        body: { ranges: [{ fromMs: 0, toMs }] },
      });
    const forged = await played(30_000);
    expect(forged.creditedMs).to.be.within(1_400, Date.now() - began + 500);
    expect((await played(30_000)).creditedMs).to.be.within(forged.creditedMs, Date.now() - began + 500);
    expect(await played(1_000, delivery).catch(refusal)).to.equal('not-found');
    const { from, to, creditedMs } = await owner.api.call(hearingsEndpoints.hours);
    expect(creditedMs).to.be.above(1_400);
    const report = await owner.api.call(sessionReportsEndpoints.show, { query: { from, to } });
    expect(report.total).to.deep.include({ calls: 1, moments: 0 });
    expect(report.calls[0]).to.deep.include({ ways: ['meeting'], recordingId: first!.recordingId });
  });

  it('keeps notes of two who write at once from silently losing one', async () => {
    const [first] = meeting.agenda;
    const note = (who: PersonClient, text: string, noteRevision: number) =>
      who.api.call(meetingsEndpoints.note, {
        params: { id: meeting.id, itemId: first!.id },
        body: { note: text, noteRevision },
      });
    const kept = await note(owner, 'Swap the size for free', 0);
    expect(kept).to.deep.include({ note: 'Swap the size for free', noteRevision: 1 });
    expect(await note(manager, 'Something else', 0).catch(refusal)).to.equal('meeting.changed');
    meeting = await show(manager);
    expect(meeting.agenda[0]?.note).to.equal('Swap the size for free');
  });

  it('makes decisions into actions that their owners close', async () => {
    const idempotencyKey = randomUUID();
    const decide = (dueOn: string, ownerId = 'mother-baby-owner') =>
      manager.api.call(meetingsEndpoints.decide, {
        params: { id: meeting.id },
        body: { itemId: meeting.agenda[0]!.id, text: 'Offer the swap', ownerId, dueOn, idempotencyKey },
      });
    const action = await decide('2020-01-31');
    expect(action).to.deep.include({ state: 'open', overdue: true, meetingTitle: meeting.title });
    expect((await decide('2020-01-31')).id).to.equal(action.id);
    const mine = async () => (await owner.api.call(meetingsEndpoints.myActions)).actions;
    expect((await mine()).map(({ id }) => id)).to.deep.equal([action.id]);
    const change = (who: PersonClient, body: BodyOf<typeof meetingsEndpoints.changeAction>) =>
      who.api.call(meetingsEndpoints.changeAction, { params: { id: action.id }, body });
    expect(await change(delivery, { revision: 1, state: 'done' }).catch(refusal)).to.equal('not-found');
    expect(await change(owner, { revision: 1, dueOn: '2030-01-01' }).catch(refusal)).to.equal(
      'ability.denied',
    );
    const moved = await change(manager, { revision: 1, dueOn: '2099-12-31' });
    expect(moved).to.deep.include({ overdue: false, revision: 2 });
    expect(await change(owner, { revision: 1, state: 'done' }).catch(refusal)).to.equal('meeting.changed');
    expect(await change(owner, { revision: 2, state: 'done' })).to.deep.include({ state: 'done' });
    expect((await mine())[0]?.closedAt).to.be.a('number');
    expect((await show(manager)).actions.map(({ state }) => state)).to.deep.equal(['done']);
  });

  it('is found from the call that it was about, with what was decided, by those who were there', async () => {
    const [item] = meeting.agenda;
    const cameOf = async (who: PersonClient) =>
      (await who.api.call(decisionsEndpoints.ofRecording, { params: { id: item!.recordingId } })).decisions;
    const [decision] = await cameOf(manager);
    expect(decision).to.deep.include({
      ...{ meetingId: meeting.id, meetingTitle: meeting.title, itemId: item!.id, clipId: item!.clipId },
    });
    expect(decision?.actions.map(({ text, itemId }) => ({ text, itemId }))).to.deep.equal([
      { text: 'Offer the swap', itemId: item!.id },
    ]);
    expect(await cameOf(delivery).catch(refusal), 'a call beyond their scope').to.equal('scope.denied');
  });

  it('plays no clip that was taken back, and says who took it back', async () => {
    const item = meeting.agenda[1]!;
    await eventually(
      async () => expect((await show(manager)).agenda[1]?.masking, 'it is cut').to.equal('unchecked'),
      { within: 30_000 },
    );
    const params = { id: item.clipId! };
    await manager.api.call(clipsEndpoints.withdraw, { params, body: { reason: 'Asked for by her.' } });
    const { withdrawn, masking } = (await show(owner)).agenda[1]!;
    expect(withdrawn).to.deep.include({ reason: 'Asked for by her.' });
    expect(withdrawn?.by.id).to.equal('supermarket-manager');
    expect(masking).to.equal(null);
    for (const who of [manager, owner, delivery]) {
      const hear = who.api.call(meetingsEndpoints.audio, { params: { id: meeting.id, itemId: item.id } });
      expect(await hear.catch(refusal), 'nor the recording in its place').to.equal('clip.withdrawn');
    }
  });

  it('tells everybody when it is called off, and is over then', async () => {
    const other = await plan({ title: 'Called off', invitees: ['retail-executive'] });
    await eventually(() => expect(mailsTo('retail-executive').at(-1)?.uid).to.include(other.id));
    const input = { params: { id: other.id }, body: { revision: other.revision } };
    expect((await manager.api.call(meetingsEndpoints.cancel, input)).state).to.equal('cancelled');
    expect((await manager.api.call(meetingsEndpoints.cancel, input)).state, 'again').to.equal('cancelled');
    await eventually(() =>
      expect(mailsTo('retail-executive').at(-1)).to.deep.include({ method: 'CANCEL', sequence: '1' }),
    );
    expect(await manager.api.call(meetingsEndpoints.hold, input).catch(refusal)).to.equal('meeting.state');
    const file = await manager.api.call(meetingsEndpoints.invitation, { params: { id: other.id } });
    expect(file.method).to.equal('CANCEL');
  });

  it('was held when somebody says so', async () => {
    const now = await show(manager);
    const input = { params: { id: now.id }, body: { revision: now.revision } };
    expect((await manager.api.call(meetingsEndpoints.hold, input)).state).to.equal('held');
    expect(await manager.api.call(meetingsEndpoints.cancel, input).catch(refusal)).to.equal('meeting.state');
  });

  it('shows in the report of its team what they heard, marked and were given to do', async () => {
    const window = { from: Date.now() - 7 * 24 * hourMs, to: Date.now() + hourMs };
    const team = { ...window, businessId: 'supermarket' };
    const report = await manager.api.call(sessionReportsEndpoints.show, { query: team });
    expect(report.rows.map(({ person }) => person.id)).to.have.members([
      'supermarket-manager',
      'mother-baby-owner',
    ]);
    expect(report.total).to.deep.include({ moments: 1, actions: 1, openActions: 0 });
    expect(report.topics[0]?.name.en).to.be.a('string');
    const beyond = await owner.api.call(sessionReportsEndpoints.show, { query: team }).catch(refusal);
    expect(beyond, 'the owner of a part does not see the whole').to.equal('scope.denied');
  });

  it('forgets what it kept of a recording that is deleted; what was decided stays', async () => {
    const { recordingId } = meeting.agenda[0]!;
    const admin = await PersonClient.signIn(server.url, 'admin');
    await admin.api.call(retentionEndpoints.deleteRecording, {
      params: { id: recordingId },
      body: { reason: 'the customer asked for it' },
    });
    await eventually(
      async () => expect((await manager.recordings.show(recordingId)).state).to.equal('deleted'),
      { within: 30_000, every: 250 },
    );
    const now = await show(manager);
    expect(now.agenda[0]).to.deep.include({ gone: true, title: '', note: '', picture: null });
    expect(now.agenda[1]).to.deep.include({ gone: false, title: 'Second call' });
    expect(now.actions[0]?.text).to.equal('Offer the swap');
    const params = { id: meeting.id, itemId: meeting.agenda[0]!.id };
    expect(await owner.api.call(meetingsEndpoints.audio, { params }).catch(refusal)).to.equal(
      'recording.deleted',
    );
  });
});
