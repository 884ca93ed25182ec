import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { relayServers } from '#media/relay.ts';

describe('relays', () => {
  const config = {
    TURN_URLS: ['turn:relay.example.com:3478', 'turns:relay.example.com:443?transport=tcp'],
    TURN_SECRET: 'shared with the TURN server',
    TURN_TTL_S: 600,
  };

  it('are offered with a password that the TURN server can work out, and that ends', () => {
    const [server, ...more] = relayServers(config, 'hear_1', 1_700_000_000_500);
    expect(more).to.deep.equal([]);
    expect(server!.urls).to.deep.equal(config.TURN_URLS);
    expect(server!.username).to.equal('1700000600:hear_1');
    const password = createHmac('sha1', config.TURN_SECRET).update('1700000600:hear_1').digest('base64');
    expect(server!.credential).to.equal(password);
  });

  it('are none where none is configured', () => {
    expect(relayServers({ ...config, TURN_URLS: [] }, 'hear_1', 0)).to.deep.equal([]);
  });
});
