import { expect } from 'chai';
import { sourcesOf } from './source.ts';

const product = sourcesOf('server', 'recordings-worker', 'web/src', 'scripts');
const all = [...product, ...sourcesOf('test')];

/** Where a file longer than this is right, it says here why. */
const longest = 400;
const longOnes: Record<string, string> = {};

describe('Every file', () => {
  it('has a kebab-case name that says what it is, and no name that says nothing', () => {
    const plain = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*\.(d\.)?tsx?$/;
    const empty = /(^|[-./])(utils?|helpers?|managers?|commons?|misc)([-./]|$)/;
    const names = all.flatMap(({ path }) => {
      const parts = path.split('/');
      return plain.test(parts.at(-1) ?? '') && !empty.test(path) ? [] : [path];
    });
    expect(names).to.deep.equal([]);
  });

  it('exports by name', () => {
    const defaults = all.filter(({ text }) => /^export (default\b|\{[^}]*\bas default\b)/m.test(text));
    expect(defaults.map(({ path }) => path)).to.deep.equal([]);
  });

  it('re-exports nothing wholesale', () => {
    const barrels = all.filter(({ text }) => /^export \* from/m.test(text));
    expect(barrels.map(({ path }) => path)).to.deep.equal([]);
  });

  it('reaches what is far by subpath imports', () => {
    const climbs = all.filter(({ imports }) =>
      imports.some(({ specifier }) => specifier.startsWith('../../..')),
    );
    expect(climbs.map(({ path }) => path)).to.deep.equal([]);
  });

  it('fits in one’s head', function () {
    const long = product.filter(({ path, lines }) => lines > longest && !(path in longOnes));
    expect(long.map(({ path, lines }) => `${path}: ${lines} lines`)).to.deep.equal([]);
    const asking = product.filter(({ lines }) => lines > 300).map(({ path, lines }) => `${path} (${lines})`);
    if (asking.length > 0)
      this.test?.parent?.title && process.stdout.write(`      over 300 lines: ${asking.join(', ')}\n`);
  });
});

describe('The server', () => {
  const server = sourcesOf('server');

  it('answers each endpoint of the contract with one route', () => {
    const contract = server.filter(({ path }) => path.startsWith('server/contract/'));
    const doors = server.filter(({ path }) => path.endsWith('.routes.ts'));
    expectOneEach(
      contract,
      doors,
      /export const (\w+Endpoints) = \{([\s\S]*?)\n\} as const;/g,
      /(\w+): endpoint\(/g,
      'route',
    );
  });

  it('answers each socket request of the contract with one door', () => {
    const contract = server.filter(({ path }) => path.startsWith('server/contract/'));
    const doors = server.filter(({ path }) => path.endsWith('.sockets.ts'));
    expectOneEach(
      contract,
      doors,
      /export const (\w+Requests) = \{([\s\S]*?)\n\} as const;/g,
      /(\w+): socketRequest\(/g,
      'socketDoor',
    );
  });

  it('says what it throws in the contract’s codes', () => {
    const loose = server.filter(
      ({ path, text }) => /^server\/domains\//.test(path) && /throw new (TypeError|RangeError)\(/.test(text),
    );
    expect(loose.map(({ path }) => path)).to.deep.equal([]);
  });

  it('logs no names, numbers or addresses of people', () => {
    const telling = server.flatMap(({ path, text }) =>
      [...text.matchAll(/log\.(?:trace|debug|info|warn|error|fatal)\(\s*\{([^}]*)\}/g)]
        .filter(([, fields = '']) =>
          /\b(customerNumber|customerMasked|personName|agentName|title|cookie|token)\b/.test(fields),
        )
        .map(([line]) => `${path}: ${line}`),
    );
    expect(telling).to.deep.equal([]);
  });
});

interface Text {
  readonly text: string;
}

function expectOneEach(
  contract: readonly Text[],
  doors: readonly Text[],
  group: RegExp,
  entry: RegExp,
  binder: string,
): void {
  const names = contract.flatMap(({ text }) =>
    [...text.matchAll(group)].flatMap(([, name, body = '']) =>
      [...body.matchAll(entry)].map(([, key]) => `${name}.${key}`),
    ),
  );
  expect(names).to.not.be.empty;
  const bound = doors.flatMap(({ text }) =>
    [...text.matchAll(new RegExp(`\\b${binder}\\(\\s*(\\w+\\.\\w+)`, 'g'))].map(([, name]) => name),
  );
  expect(bound.sort()).to.deep.equal(names.sort());
}
