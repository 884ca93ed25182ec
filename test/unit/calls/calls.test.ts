import { expect } from 'chai';
import { maskNumber, nextCall, payloadTypeOf } from '#domains/calls/calls.ts';

describe('a call', () => {
  describe('masks the customer’s number', () => {
    it('keeps the last two digits and hides the length', () => {
      expect(maskNumber('13812345678')).to.equal('••••78');
      expect(maskNumber('+86 138-1234-5678')).to.equal('••••78');
      expect(maskNumber('+4915112345678')).to.equal('••••78');
    });

    it('shows nothing of a short number, whose two digits would be most of it', () => {
      expect(maskNumber('10086')).to.equal('••••');
    });

    it('is empty where there is no number', () => {
      expect(maskNumber(undefined)).to.equal('');
      expect(maskNumber('anonymous')).to.equal('');
    });
  });

  describe('chooses a leg’s payload type', () => {
    it('takes the static types of G.711 and 111 for Opus', () => {
      expect(payloadTypeOf({ role: 'agent', codec: 'PCMU' })).to.equal(0);
      expect(payloadTypeOf({ role: 'agent', codec: 'PCMA' })).to.equal(8);
      expect(payloadTypeOf({ role: 'agent', codec: 'opus' })).to.equal(111);
    });

    for (const [why, leg] of [
      ['type 0 that is not PCMU', { role: 'agent', codec: 'opus', payloadType: 0 }],
      ['type 8 that is not PCMA', { role: 'agent', codec: 'PCMU', payloadType: 8 }],
      ['a type in RTCP’s range', { role: 'agent', codec: 'opus', payloadType: 72 }],
      ['the type of telephone-event', { role: 'agent', codec: 'opus', payloadType: 101 }],
    ] as const) {
      it(`refuses ${why}`, () => {
        expect(() => payloadTypeOf(leg))
          .to.throw()
          .with.property('code', 'leg.codec');
      });
    }
  });

  describe('is offered as the next one', () => {
    const call = (id: string, startedAt: number | null) => ({ id, startedAt });

    it('when it began last', () => {
      expect(nextCall([call('a', 1), call('b', 3), call('c', 2)])?.id).to.equal('b');
    });

    it('but not when it is the one just heard, or nobody speaks yet', () => {
      expect(nextCall([call('a', 1), call('b', 3), call('c', null)], 'b')?.id).to.equal('a');
      expect(nextCall([call('b', 3)], 'b')).to.equal(undefined);
    });
  });
});
