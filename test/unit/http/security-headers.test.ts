import { expect } from 'chai';
import { audioOrigins } from '#http/security-headers.ts';

const config = { S3_REGION: 'eu-west-1', S3_BUCKET: 'recordings', S3_FORCE_PATH_STYLE: false };

describe('The origins audio may come from', () => {
  it('are the public endpoint and the bucket’s own host there', () => {
    const given = {
      ...config,
      S3_ENDPOINT: 'http://s3.internal:9000',
      S3_PUBLIC_ENDPOINT: 'https://audio.example',
    };
    expect(audioOrigins(given)).to.deep.equal(['https://audio.example', 'https://recordings.audio.example']);
  });

  it('are the endpoint alone where the bucket is part of the path', () => {
    const given = { ...config, S3_ENDPOINT: 'http://127.0.0.1:9000/', S3_FORCE_PATH_STYLE: true };
    expect(audioOrigins({ ...given, S3_PUBLIC_ENDPOINT: undefined })).to.deep.equal([
      'http://127.0.0.1:9000',
    ]);
  });

  it('are the provider’s own without an endpoint', () => {
    expect(audioOrigins({ ...config, S3_ENDPOINT: undefined, S3_PUBLIC_ENDPOINT: undefined })).to.deep.equal([
      'https://s3.eu-west-1.amazonaws.com',
      'https://recordings.s3.eu-west-1.amazonaws.com',
    ]);
  });
});
