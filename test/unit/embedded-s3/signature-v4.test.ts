import { expect } from 'chai';
import { decodeAwsChunked } from '#scripts/embedded/s3/aws-chunked.ts';
import { type SignedRequest, verifySignature } from '#scripts/embedded/s3/signature-v4.ts';

/** The worked examples of the S3 documentation ("Examples: Signature Calculations in AWS Signature Version 4"). */
const credentials = {
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const nowMs = Date.parse('2013-05-24T00:00:00Z');
const scope = '20130524/us-east-1/s3/aws4_request';
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const host = ['examplebucket.s3.amazonaws.com'];

function signedByHeader(
  request: Partial<SignedRequest>,
  signature: string,
  headers: Record<string, string>,
): SignedRequest {
  const all = {
    host: host[0]!,
    'x-amz-content-sha256': emptyHash,
    'x-amz-date': '20130524T000000Z',
    ...headers,
  };
  const names = Object.keys(all).sort().join(';');
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKey}/${scope},SignedHeaders=${names},Signature=${signature}`;
  const values = Object.entries({ ...all, authorization }).map(([name, value]) => [name, [value]]);
  return { method: 'GET', path: '/', query: [], ...request, headers: Object.fromEntries(values) };
}

const codeOf = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'accepted';
};

describe('the signature check, on the published examples', () => {
  it('accepts a GET of a range', () => {
    const signature = 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41';
    const request = signedByHeader({ path: '/test.txt' }, signature, { range: 'bytes=0-9' });
    expect(verifySignature(request, credentials, nowMs)).to.include({
      presigned: false,
      payload: emptyHash,
      scope,
    });
  });

  it('accepts a PUT whose key has a character to be encoded', () => {
    const signature = '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd';
    const payload = '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072';
    const request = signedByHeader({ method: 'PUT', path: '/test$file.text' }, signature, {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': payload,
    });
    expect(verifySignature(request, credentials, nowMs).payload).to.equal(payload);
  });

  it('accepts a query without values and one with', () => {
    const lifecycle = 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543';
    const list = '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7';
    verifySignature(signedByHeader({ query: [['lifecycle', '']] }, lifecycle, {}), credentials, nowMs);
    const query: [string, string][] = [
      ['prefix', 'J'],
      ['max-keys', '2'],
    ];
    verifySignature(signedByHeader({ query }, list, {}), credentials, nowMs);
    expect(
      codeOf(() => verifySignature(signedByHeader({ query }, lifecycle, {}), credentials, nowMs)),
    ).to.equal('SignatureDoesNotMatch');
  });

  describe('of a presigned URL', () => {
    const request: SignedRequest = {
      method: 'GET',
      path: '/test.txt',
      query: [
        ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
        ['X-Amz-Credential', `${credentials.accessKey}/${scope}`],
        ['X-Amz-Date', '20130524T000000Z'],
        ['X-Amz-Expires', '86400'],
        ['X-Amz-SignedHeaders', 'host'],
        ['X-Amz-Signature', 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'],
      ],
      headers: { host },
    };
    const at = (ms: number) => codeOf(() => verifySignature(request, credentials, nowMs + ms));
    const withQuery = (name: string, value: string): SignedRequest => ({
      ...request,
      query: request.query.map((pair) => (pair[0] === name ? ([name, value] as const) : pair)),
    });

    it('accepts it from 15 minutes before until it expires', () => {
      expect(at(0)).to.equal('accepted');
      expect(at(86_400_000)).to.equal('accepted');
      expect(at(86_400_001)).to.equal('AccessDenied');
      expect(at(-15 * 60_000)).to.equal('accepted');
      expect(at(-15 * 60_000 - 1)).to.equal('AccessDenied');
    });

    for (const [name, value, code] of [
      ['X-Amz-Expires', '604801', 'AuthorizationQueryParametersError'],
      ['X-Amz-Expires', '0', 'AuthorizationQueryParametersError'],
      ['X-Amz-Expires', '-1', 'AuthorizationQueryParametersError'],
      ['X-Amz-Expires', '86401', 'SignatureDoesNotMatch'],
      ['X-Amz-Date', '20130525T000000Z', 'AuthorizationQueryParametersError'],
      ['X-Amz-Date', '20130524', 'AuthorizationQueryParametersError'],
      ['X-Amz-Algorithm', 'AWS4-HMAC-SHA1', 'AuthorizationQueryParametersError'],
      [
        'X-Amz-Credential',
        `${credentials.accessKey}/20130524/us-east-1/s3`,
        'AuthorizationQueryParametersError',
      ],
      ['X-Amz-SignedHeaders', 'range', 'AccessDenied'],
      ['X-Amz-Signature', '', 'AuthorizationQueryParametersError'],
      ['X-Amz-Signature', 'aeeed9', 'SignatureDoesNotMatch'],
    ] as const) {
      it(`refuses it with ${name}=${value}`, () => {
        expect(codeOf(() => verifySignature(withQuery(name, value), credentials, nowMs))).to.equal(code);
      });
    }
  });

  describe('of a chunked upload', () => {
    const request = signedByHeader(
      { method: 'PUT', path: '/examplebucket/chunkObject.txt' },
      '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      {
        host: 's3.amazonaws.com',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': '66560',
        'content-length': '66824',
      },
    );
    const body = [
      '10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n',
      'a'.repeat(65_536),
      '\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n',
      'a'.repeat(1024),
      '\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n',
    ].join('');

    async function decode(text: string, pieceBytes: number): Promise<number> {
      async function* pieces() {
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
      }
      const signature = verifySignature(request, credentials, nowMs);
      let total = 0;
      for await (const chunk of decodeAwsChunked(pieces(), signature, new Map())) total += chunk.length;
      return total;
    }

    for (const pieceBytes of [1, 7, 1000, 100_000]) {
      it(`accepts the chain of its chunks when it arrives in pieces of ${pieceBytes} bytes`, async () => {
        expect(await decode(body, pieceBytes)).to.equal(66_560);
      });
    }

    it('refuses a chain with one byte changed in any chunk', async () => {
      for (const at of [200, 65_800]) {
        const changed = `${body.slice(0, at)}b${body.slice(at + 1)}`;
        const code = await decode(changed, 1000).catch((error) => error.code);
        expect(code).to.equal('SignatureDoesNotMatch');
      }
    });
  });
});
