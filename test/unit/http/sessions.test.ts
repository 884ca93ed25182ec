import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { sameText, sessionCookie, sessionIdOf, sessionMark } from '#http/sessions.ts';

const secret = 'a secret of some length';
const signed = (id: string, key = secret) =>
  `${sessionCookie}=${encodeURIComponent(`s:${id}.${createHmac('sha256', key).update(id).digest('base64').replace(/=+$/, '')}`)}`;

describe('The session id in a Cookie header', () => {
  it('is found among other cookies', () => {
    expect(sessionIdOf(`a=1; ${signed('abc')}; b=2`, secret)).to.equal('abc');
  });

  it('is refused with a signature that is not ours, half a cookie, or none', () => {
    expect(sessionIdOf(signed('abc', 'another secret'), secret)).to.equal(null);
    expect(sessionIdOf(signed('abc').replace('abc', 'abd'), secret)).to.equal(null);
    expect(sessionIdOf(`${sessionCookie}=s%3Aabc`, secret)).to.equal(null);
    expect(sessionIdOf(`${sessionCookie}=%E0%A4%A`, secret)).to.equal(null);
    expect(sessionIdOf(`${sessionCookie}=`, secret)).to.equal(null);
    expect(sessionIdOf('nothing', secret)).to.equal(null);
    expect(sessionIdOf(undefined, secret)).to.equal(null);
  });
});

describe('Secrets', () => {
  it('are the same only when every character is', () => {
    expect(sameText('abc', 'abc')).to.equal(true);
    expect(sameText('abc', 'abcd')).to.equal(false);
    expect(sameText('abc', '')).to.equal(false);
  });

  it('of sessions do not show in the session’s mark', () => {
    expect(sessionMark('abc')).to.equal(sessionMark('abc'));
    expect(sessionMark('abc')).to.not.equal(sessionMark('abd'));
    expect(sessionMark('abc')).to.not.include('abc');
  });
});
