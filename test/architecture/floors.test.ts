import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { cyclesOf, type Import, root, type Source, sourcesOf } from './source.ts';

const server = sourcesOf('server');
const worker = sourcesOf('recordings-worker');
const all = [...server, ...worker, ...sourcesOf('scripts', 'test', 'web/src')];

/** Domains know only those before them. */
const domains = [
  'identity',
  'mails',
  'businesses',
  'calls',
  'seats',
  'listening',
  'rooms',
  'recordings',
  'analysis',
  'bookmarks',
  'clips',
  'meetings',
  'session-reports',
  'integrity',
  'retention',
  'operations',
];

/** The floor a server file stands on: an import may only point down, or stay on its floor. */
function floorOf(path: string): number {
  // The composition root and what it is composed of.
  if (/^server\/[^/]+\.ts$/.test(path)) return 5;
  if (path.startsWith('server/contract/')) return 0;
  if (path.startsWith('server/kernel/')) return 1;
  if (/\.(routes|sockets|jobs)\.ts$/.test(path)) return 4;
  if (path.startsWith('server/http/') || path.startsWith('server/realtime/')) return 4;
  if (path.endsWith('.store.ts') || /^server\/(media|telephony)\//.test(path)) return 3;
  if (path.startsWith('server/domains/')) return 2;
  throw new Error(`${path} stands on no floor: give it one in the architecture, then here`);
}

const domainOf = (path: string) => /^server\/domains\/([^/]+)\//.exec(path)?.[1];

function breaches(sources: readonly Source[], breaks: (source: Source, target: Import) => boolean): string[] {
  return sources.flatMap((source) =>
    source.imports
      .filter((target) => breaks(source, target))
      .map((target) => `${source.path} → ${target.specifier}`),
  );
}

/** Files that import a package although it is not theirs to speak to. */
const strangers = (sources: readonly Source[], packs: RegExp, allowed: RegExp) =>
  breaches(sources, ({ path }, { pack }) => pack !== null && packs.test(pack) && !allowed.test(path));

describe('The instruments of this survey', () => {
  const file = (path: string, ...targets: string[]): Source => ({
    path,
    text: '',
    lines: 1,
    imports: targets.map((target) => ({ specifier: target, target, pack: null, typeOnly: false })),
  });

  it('find a cycle, and none where there is none', () => {
    expect(cyclesOf([file('a', 'b'), file('b', 'c'), file('c', 'b')])).to.deep.equal([['b', 'c', 'b']]);
    expect(cyclesOf([file('a', 'b', 'c'), file('b', 'c'), file('c')])).to.deep.equal([]);
  });

  it('read imports of every form', () => {
    const own = sourcesOf('test/architecture').find(({ path }) => path.endsWith('floors.test.ts'));
    expect(own?.imports.map(({ specifier }) => specifier)).to.deep.equal([
      'node:fs',
      'node:path',
      'chai',
      './source.ts',
    ]);
    const doors = server.find(({ path }) => path === 'server/http/route.ts')?.imports ?? [];
    const typed = Object.fromEntries(doors.map(({ specifier, typeOnly }) => [specifier, typeOnly]));
    expect(typed).to.deep.include({ zod: true, '#contract/endpoint.ts': true, '#kernel/errors.ts': false });
  });
});

describe('The house', () => {
  it('is read whole: every import of a file leads to a file', () => {
    const lost = breaches(
      [...server, ...worker, ...sourcesOf('scripts')],
      (_, { target }) => target !== null && !existsSync(join(root, target)),
    );
    expect(lost).to.deep.equal([]);
    expect(server.length).to.be.above(80);
  });

  it('has imports that only point down', () => {
    const upward = breaches(server, ({ path }, { target, typeOnly }) => {
      if (target === null || typeOnly || !target.startsWith('server/')) return false;
      return floorOf(target) > floorOf(path);
    });
    expect(upward).to.deep.equal([]);
  });

  it('has domains that name no door and no adapter but their own store, not even as a type', () => {
    const upward = breaches(server, ({ path }, { target }) => {
      if (target === null || floorOf(path) !== 2) return false;
      const ownStore = target.endsWith('.store.ts') && domainOf(target) === domainOf(path);
      return target.startsWith('server/') && floorOf(target) > 2 && !ownStore;
    });
    expect(upward).to.deep.equal([]);
  });

  it('has domains that know only those before them', () => {
    const unknown = server
      .map(({ path }) => domainOf(path))
      .filter((name) => name && !domains.includes(name));
    expect(unknown).to.deep.equal([]);
    const forward = breaches(server, ({ path }, { target }) => {
      const [from, to] = [domainOf(path), target === null ? undefined : domainOf(target)];
      return from !== undefined && to !== undefined && domains.indexOf(to) > domains.indexOf(from);
    });
    expect(forward).to.deep.equal([]);
  });

  it('has no cycle, in any of its parts', () => {
    expect(cyclesOf(all).map((cycle) => cycle.join(' → '))).to.deep.equal([]);
  });

  it('has a contract that browsers can read: it imports zod and itself', () => {
    const contract = server.filter(({ path }) => path.startsWith('server/contract/'));
    expect(contract).to.not.be.empty;
    const beyond = breaches(contract, (_, { pack, target }) =>
      pack !== null ? pack !== 'zod' : !target?.startsWith('server/contract/'),
    );
    expect(beyond).to.deep.equal([]);
  });

  it('shares nothing with the web but the contract', () => {
    const beyond = breaches(
      sourcesOf('web/src'),
      (_, { target }) =>
        target !== null && !target.startsWith('web/') && !target.startsWith('server/contract/'),
    );
    expect(beyond).to.deep.equal([]);
  });

  it('keeps server and worker apart: they share contract and kernel', () => {
    const shared = /^(server\/(contract|kernel)\/|recordings-worker\/)/;
    expect(breaches(worker, (_, { target }) => target !== null && !shared.test(target))).to.deep.equal([]);
    expect(
      breaches(server, (_, { target }) => target !== null && !target.startsWith('server/')),
      'and the server needs nothing else at all',
    ).to.deep.equal([]);
  });

  it('speaks to each thing in one place', () => {
    const product = [...server, ...worker];
    expect(
      strangers(product, /^(mongoose|mongodb)$/, /\.store\.ts$|^server\/kernel\/(mongo|rows)\.ts$/),
    ).to.deep.equal([]);
    expect(strangers(product, /^mediasoup$/, /^server\/media\//)).to.deep.equal([]);
    expect(strangers(product, /^node:dgram$/, /^server\/(telephony|media)\//)).to.deep.equal([]);
    expect(strangers(product, /^(express|express-session|helmet)$/, /^server\/http\//)).to.deep.equal([]);
    expect(strangers(product, /^(socket\.io|@socket\.io\/.*)$/, /^server\/realtime\//)).to.deep.equal([]);
    expect(strangers(product, /^bull$/, /^server\/kernel\/queues\.ts$/)).to.deep.equal([]);
    expect(
      strangers(product, /^@aws-sdk\//, /^(server\/kernel\/s3\.ts$|recordings-worker\/archive\/)/),
    ).to.deep.equal([]);
    expect(strangers(product, /^prom-client$/, /^server\/kernel\/metrics\.ts$/)).to.deep.equal([]);
  });

  it('lets only the server write the database', () => {
    expect(
      breaches(
        worker,
        (_, { target, pack }) => pack === 'mongoose' || /\/kernel\/(mongo|rows)\.ts$/.test(target ?? ''),
      ),
    ).to.deep.equal([]);
  });
});
