import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

/**
 * A JSON document that carries its own Ed25519 signature (RFC 8032) as its last member. What is signed is every byte
 * of the file before the trailer, exactly as it lies there; the trailer has a fixed length and a fixed form. So there is
 * no canonical form to agree on, a document and its signature are one object that is written at once or not at all,
 * and `head -c -${trailerBytes}` is all that another tool needs to check it.
 */
const trailerHead = ',\n "signature": "';
const trailerTail = '"\n}\n';
const signatureChars = 88;
/** Bytes at the end of a signed document that are not signed: the signature and what stands around it. */
export const trailerBytes = trailerHead.length + signatureChars + trailerTail.length;

export interface SigningKey {
  /** First 16 hex digits of the SHA-256 of the public key (SubjectPublicKeyInfo, DER): a key cannot pass for another. */
  readonly keyId: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicPem: string;
  sign(bytes: Buffer): Buffer;
}

/** Throws when the text holds no Ed25519 private key. */
export function readSigningKey(pem: string): SigningKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new Error('this is not a private key in PEM form');
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new Error(`an Ed25519 key is needed, this is ${key.asymmetricKeyType ?? 'another kind'}`);
  }
  const publicKey = createPublicKey(key);
  return {
    keyId: keyIdOf(publicKey),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (bytes) => sign(null, bytes, key),
  };
}

/** A new private key, PKCS #8 in PEM form. */
export function newSigningKeyPem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Throws when the text holds no Ed25519 public key. */
export function readPublicKey(pem: string): { keyId: string; key: KeyObject } {
  // createPublicKey takes a private key, too, and derives from it: one that is published by mistake is refused instead.
  if (/PRIVATE KEY/.test(pem)) throw new Error('this is a private key');
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('an Ed25519 key is needed');
  return { keyId: keyIdOf(key), key };
}

function keyIdOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

/** The bytes of `document` with `keyId` and the signature as its last members. The document must not be empty. */
export function signJson(document: Record<string, unknown>, key: SigningKey): Buffer {
  const text = JSON.stringify({ ...document, keyId: key.keyId }, null, 1);
  const body = Buffer.from(text.slice(0, -'\n}'.length));
  const signature = key.sign(body).toString('base64');
  return Buffer.concat([body, Buffer.from(trailerHead + signature + trailerTail)]);
}

export interface SignedJson {
  /** Everything but the signature; to be trusted only after `isBy`. */
  readonly document: Record<string, unknown>;
  readonly keyId: string;
  isBy(key: KeyObject): boolean;
}

/** Null when the bytes do not have the form that {@link signJson} gives them. */
export function parseSignedJson(bytes: Buffer): SignedJson | null {
  const body = bytes.subarray(0, -trailerBytes);
  const trailer = bytes.subarray(-trailerBytes).toString('latin1');
  if (body.length === 0 || !trailer.startsWith(trailerHead) || !trailer.endsWith(trailerTail)) return null;
  const text = trailer.slice(trailerHead.length, -trailerTail.length);
  const signature = Buffer.from(text, 'base64');
  // Base64 can spell the same bytes in several ways; only one of them is ours.
  if (signature.length !== 64 || signature.toString('base64') !== text) return null;
  try {
    const { signature: _, ...document } = JSON.parse(bytes.toString()) as Record<string, unknown>;
    if (typeof document.keyId !== 'string') return null;
    return { document, keyId: document.keyId, isBy: (key) => verify(null, body, key, signature) };
  } catch {
    return null;
  }
}
