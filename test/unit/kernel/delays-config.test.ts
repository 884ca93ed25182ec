import { expect } from 'chai';
import { ConfigError, serverConfig } from '#kernel/config.ts';

const least = {
  REDIS_URL: 'redis://localhost:6379',
  S3_BUCKET: 'bucket',
  MONGODB_URL: 'mongodb://localhost/db',
  SESSION_SECRET: 'a-secret-of-many-letters',
  TELEPHONY_API_KEY: 'a-key-of-many-letters',
};

describe('The delay of guests and partners', () => {
  it('is ten seconds, five of which a pause reaches back', () => {
    expect(serverConfig(least)).to.include({ LISTENING_DELAY_MS: 10_000, PAUSE_REACHES_BACK_MS: 5_000 });
  });

  it('is at least as long as a pause reaches back: what was heard cannot be taken back', () => {
    const refused = () =>
      serverConfig({ ...least, LISTENING_DELAY_MS: '4000', PAUSE_REACHES_BACK_MS: '4001' });
    expect(refused).to.throw(ConfigError, 'PAUSE_REACHES_BACK_MS');
    expect(serverConfig({ ...least, LISTENING_DELAY_MS: '4000', PAUSE_REACHES_BACK_MS: '4000' })).to.include({
      LISTENING_DELAY_MS: 4_000,
    });
  });
});
