import { expect } from 'chai';
import { wayOf } from '#web/domains/listening/line-probe.ts';

type Entry = Record<string, unknown>;

const report = (entries: Record<string, Entry>): ReadonlyMap<string, unknown> =>
  new Map(Object.entries(entries));

/** A report in which the pair p is in use, over these candidates. */
const over = (local: Entry, others: Record<string, Entry> = {}) =>
  report({
    T: { type: 'transport', selectedCandidatePairId: 'p' },
    p: { type: 'candidate-pair', localCandidateId: 'l', nominated: true },
    l: { type: 'local-candidate', ...local },
    ...others,
  });

describe('The way that a line takes', () => {
  it('is UDP, TCP or a relay, by the browser’s own candidate', () => {
    expect(wayOf(over({ candidateType: 'host', protocol: 'udp' }))).to.equal('udp');
    expect(wayOf(over({ candidateType: 'srflx', protocol: 'udp' }))).to.equal('udp');
    expect(wayOf(over({ candidateType: 'host', protocol: 'tcp' }))).to.equal('tcp');
    // To the relay by TLS, from it by UDP: what counts is that there is one.
    expect(wayOf(over({ candidateType: 'relay', protocol: 'udp', relayProtocol: 'tls' }))).to.equal('relay');
  });

  it('is that of the pair in use, not of one that was tried', () => {
    const others = {
      q: { type: 'candidate-pair', localCandidateId: 'm', nominated: true },
      m: { type: 'local-candidate', candidateType: 'host', protocol: 'udp' },
    };
    expect(wayOf(over({ candidateType: 'host', protocol: 'tcp' }, others))).to.equal('tcp');
  });

  it('is known by the nominated pair where a browser does not say which is selected', () => {
    const firefox = report({
      p: { type: 'candidate-pair', localCandidateId: 'l', nominated: true },
      l: { type: 'local-candidate', candidateType: 'host', protocol: 'udp' },
    });
    expect(wayOf(firefox)).to.equal('udp');
  });

  it('is not made up where there is none', () => {
    expect(wayOf(report({}))).to.equal(null);
    expect(wayOf(report({ T: { type: 'transport' } }))).to.equal(null);
  });
});
