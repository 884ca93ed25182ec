import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** One DER element (ITU-T X.690): tag, length, content. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length: number[] = [];
  if (body.length < 128) length.push(body.length);
  else {
    const bytes: number[] = [];
    for (let left = body.length; left > 0; left >>= 8) bytes.unshift(left & 0xff);
    length.push(0x80 | bytes.length, ...bytes);
  }
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
const sequence = (...content: readonly Uint8Array[]) => der(0x30, ...content);
const oid = (...bytes: readonly number[]) => der(0x06, Buffer.from(bytes));
const utcTime = (at: number) =>
  der(0x17, Buffer.from(`${new Date(at).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));

const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const commonName = oid(0x55, 0x04, 0x03);
const subjectAltName = oid(0x55, 0x1d, 0x11);
const dayMs = 86_400_000;

export interface SelfSigned {
  readonly certificate: string;
  readonly key: string;
  /** SHA-256 of the public key, base64: what Chromium's `--ignore-certificate-errors-spki-list` wants. */
  readonly publicKeyHash: string;
}

/** A certificate (X.509 version 3, P-256) that 127.0.0.1 signs for itself, good for a day. */
export function selfSigned(): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from('127.0.0.1')))));
  const now = Date.now();
  const serial = randomBytes(8);
  // Positive, whatever was drawn.
  serial[0] = (serial[0]! & 0x7f) | 0x01;
  const altNames = sequence(der(0x87, Buffer.from([127, 0, 0, 1])));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaWithSha256,
    name,
    sequence(utcTime(now - dayMs), utcTime(now + dayMs)),
    name,
    spki,
    der(0xa3, sequence(sequence(subjectAltName, der(0x04, altNames)))),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
  const pem = certificate.toString('base64').replaceAll(/.{64}/g, '$&\n');
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyHash: createHash('sha256').update(spki).digest('base64'),
  };
}
