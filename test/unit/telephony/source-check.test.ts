import { expect } from 'chai';
import { canonicalAddress, REPIN_AFTER_MS, SourceCheck } from '#telephony/source-check.ts';

describe('the source check', () => {
  it('lets in only the stated address and port', () => {
    const check = new SourceCheck({ address: '192.0.2.1', port: 4_000 });
    expect(check.allows('192.0.2.1', 4_000, 0)).to.equal(true);
    expect(check.allows('192.0.2.1', 4_002, 0)).to.equal(false);
    expect(check.allows('192.0.2.2', 4_000, 0)).to.equal(false);
    expect(check.allows('192.0.2.1', 4_002, 10 * REPIN_AFTER_MS)).to.equal(false);
  });

  it('pins the first source for good when none is stated', () => {
    const check = new SourceCheck();
    expect(check.allows('192.0.2.1', 4_000, 0)).to.equal(true);
    expect(check.allows('192.0.2.2', 5_000, 0), 'a look pins nothing').to.equal(true);
    check.pin('192.0.2.1', 4_000, 0);
    expect(check.allows('192.0.2.2', 5_000, 10 * REPIN_AFTER_MS)).to.equal(false);
    expect(check.allows('192.0.2.1', 5_000, 10 * REPIN_AFTER_MS)).to.equal(false);
    expect(check.allows('192.0.2.1', 4_000, 10 * REPIN_AFTER_MS)).to.equal(true);
  });

  it('pins the first port of a stated address, and another one only after silence', () => {
    const check = new SourceCheck({ address: '192.0.2.1' });
    expect(check.allows('192.0.2.2', 4_000, 0)).to.equal(false);
    check.pin('192.0.2.1', 4_000, 1_000);
    expect(check.allows('192.0.2.1', 4_002, 1_000 + REPIN_AFTER_MS - 1)).to.equal(false);
    expect(check.allows('192.0.2.1', 4_002, 1_000 + REPIN_AFTER_MS)).to.equal(true);
    expect(check.allows('192.0.2.2', 4_002, 1_000 + REPIN_AFTER_MS)).to.equal(false);
    check.pin('192.0.2.1', 4_002, 5_000);
    expect(check.allows('192.0.2.1', 4_000, 5_000)).to.equal(false);
  });

  it('knows an address in every spelling', () => {
    expect(canonicalAddress('2001:DB8:0:0::1')).to.equal('2001:db8::1');
    expect(canonicalAddress('::ffff:192.0.2.1')).to.equal('192.0.2.1');
    expect(canonicalAddress('::FFFF:c000:0201')).to.equal('192.0.2.1');
    const check = new SourceCheck({ address: '2001:DB8:0:0::1', port: 4_000 });
    expect(check.allows('2001:db8::1', 4_000, 0)).to.equal(true);
    expect(new SourceCheck({ address: '192.0.2.1' }).allows('::ffff:192.0.2.1', 1, 0)).to.equal(true);
  });

  it('takes RTCP from any port of the pinned address, and none before', () => {
    const check = new SourceCheck();
    expect(check.allowsRtcp('192.0.2.1')).to.equal(false);
    check.pin('192.0.2.1', 4_000, 0);
    expect(check.allowsRtcp('192.0.2.1')).to.equal(true);
    expect(check.allowsRtcp('192.0.2.2')).to.equal(false);
  });
});
