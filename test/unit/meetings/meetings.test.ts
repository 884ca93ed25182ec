import { expect } from 'chai';
import { dayIn, isOverdue, ownersOf } from '#domains/meetings/meetings.ts';
import { company } from '#scripts/demo-data/company.ts';

describe('Who is proposed for a meeting', () => {
  it('is who owns the business of the call’s line and every node above, nearest first, with the reason', () => {
    const owners = ownersOf(company, [{ lineId: 'supermarket' }]);
    expect([...owners.keys()]).to.deep.equal([
      'mother-baby-owner',
      'supermarket-manager',
      'retail-executive',
    ]);
    expect(owners.get('supermarket-manager')).to.deep.equal([
      {
        businessId: 'supermarket',
        path: { en: 'Consumer goods › Supermarket', zh: '大快消事业群 › 超市' },
      },
    ]);
    expect(owners.get('retail-executive')?.[0]?.path.en).to.equal('Clearwater Retail');
  });

  it('is also who owns the product that the call was about', () => {
    const owners = ownersOf(company, [{ lineId: 'delivery', sku: 'softcub-nappies-m' }]);
    expect([...owners.keys()]).to.have.members([
      'delivery-director',
      'mother-baby-owner',
      'supermarket-manager',
      'retail-executive',
    ]);
    const paths = owners.get('mother-baby-owner')?.map(({ path }) => path.en);
    expect(paths).to.deep.equal(['Consumer goods › Supermarket › Mother & baby']);
  });

  it('is named once for several calls, with everything they own of them', () => {
    const concerns = [{ lineId: 'supermarket', sku: 'softcub-wipes' }, { lineId: 'supermarket' }];
    const owned = ownersOf(company, concerns)
      .get('mother-baby-owner')
      ?.map(({ businessId }) => businessId);
    expect(owned).to.have.members(['supermarket-after-sales', 'mother-baby']);
    expect(ownersOf(company, [{ lineId: 'nowhere', sku: 'nothing' }]).size).to.equal(0);
  });
});

describe('An action', () => {
  /** 31 March 2026, 23:30 in Shanghai, which is still the afternoon in UTC. */
  const evening = Date.UTC(2026, 2, 31, 15, 30);
  const action = { state: 'open', dueOn: '2026-03-31', zone: 'Asia/Shanghai' } as const;

  it('is overdue when its day is over in the zone of its meeting', () => {
    expect(dayIn(evening, 'Asia/Shanghai')).to.equal('2026-03-31');
    expect(isOverdue(action, evening)).to.equal(false);
    expect(isOverdue(action, evening + 30 * 60_000)).to.equal(true);
    expect(isOverdue({ ...action, zone: 'UTC' }, evening + 30 * 60_000)).to.equal(false);
  });

  it('is not overdue any more once it is done or dropped', () => {
    const late = evening + 86_400_000;
    expect(isOverdue({ ...action, state: 'done' }, late)).to.equal(false);
    expect(isOverdue({ ...action, state: 'dropped' }, late)).to.equal(false);
  });
});
