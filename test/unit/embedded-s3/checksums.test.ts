import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import {
  checksumAlgorithms,
  compositeChecksum,
  isChecksumValue,
  startChecksum,
} from '#scripts/embedded/s3/checksums.ts';

describe('the checksums of objects', () => {
  /** Check values of "123456789": RFC 3720 for CRC32C, the NVMe specification for CRC64, FIPS 180 for SHA. */
  const checkValues = {
    CRC32: 'cbf43926',
    CRC32C: 'e3069283',
    CRC64NVME: 'ae8b14860a799888',
    SHA1: 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
    SHA256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
  };

  for (const algorithm of checksumAlgorithms) {
    it(`give the published value for ${algorithm}`, () => {
      const sum = startChecksum(algorithm);
      sum.update(Buffer.from('123456789'));
      expect(sum.digest().toString('hex')).to.equal(checkValues[algorithm]);
    });

    it(`do not depend on how the bytes arrive for ${algorithm}`, () => {
      const bytes = randomBytes(10_000);
      const whole = startChecksum(algorithm);
      whole.update(bytes);
      const pieces = startChecksum(algorithm);
      for (let at = 0; at < bytes.length; at += 333) pieces.update(bytes.subarray(at, at + 333));
      const value = whole.digest().toString('base64');
      expect(pieces.digest().toString('base64')).to.equal(value);
      expect(isChecksumValue(algorithm, value)).to.equal(true);
    });
  }

  it('are only values of the right length in base64', () => {
    for (const wrong of ['', 'AAAA', 'AAAAAA=', 'AAAAAAA=', '!!!!!!==', 'AAAAAA==x']) {
      expect(isChecksumValue('CRC32', wrong), wrong).to.equal(false);
    }
  });

  it('of a composite are the sum over the parts’ sums, with their number', () => {
    const parts = ['one', 'two'].map((part) => createHash('sha256').update(part).digest());
    const expected = createHash('sha256').update(Buffer.concat(parts)).digest('base64');
    const values = parts.map((part) => part.toString('base64'));
    expect(compositeChecksum('SHA256', values)).to.equal(`${expected}-2`);
  });
});
