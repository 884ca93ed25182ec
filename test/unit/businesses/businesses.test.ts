import { expect } from 'chai';
import { may } from '#contract/abilities.ts';
import type { Business } from '#contract/businesses.ts';
import {
  type Company,
  faultsOf,
  ownedBy,
  subtreeOf,
  teamOf,
  teamsWithin,
} from '#domains/businesses/businesses.ts';
import { withScope } from '#domains/identity/identity.ts';
import { company, products } from '#scripts/demo-data/company.ts';
import { people } from '#scripts/demo-data/people.ts';
import { demoSlots, demoVisits, weekStart } from '#scripts/demo-data/slots.ts';

const name = { en: 'x', zh: 'x' };
const business = (id: string, parentId: string | null, ...ownerIds: string[]): Business => ({
  id,
  parentId,
  kind: 'category',
  name,
  ownerIds,
});
const small: Company = {
  businesses: [
    business('all', null),
    business('food', 'all', 'ann'),
    business('fresh', 'food'),
    business('fruit', 'fresh', 'bob'),
    business('tools', 'all', 'cem'),
  ],
  lines: [
    { id: 'fresh-line', name, businessId: 'fresh', zone: 'UTC', notice: 'live' },
    { id: 'tools-line', name, businessId: 'tools', zone: 'UTC', notice: 'live' },
  ],
  scenarios: [],
};

describe('The owner map', () => {
  it('gives the lines at and below what a person owns, and none above', () => {
    expect(ownedBy(small, 'ann')).to.deep.equal({ businessIds: ['food'], lineIds: ['fresh-line'] });
    expect(ownedBy(small, 'bob')).to.deep.equal({ businessIds: ['fruit'], lineIds: [] });
    expect(ownedBy(small, 'cem').lineIds).to.deep.equal(['tools-line']);
    expect(ownedBy(small, 'nobody')).to.deep.equal({ businessIds: [], lineIds: [] });
  });

  it('survives a cycle in the data', () => {
    const loop = [business('a', 'b'), business('b', 'a')];
    expect([...subtreeOf(loop, 'a')].sort()).to.deep.equal(['a', 'b']);
  });

  it('is refused with nodes that hang nowhere, in circles, or with lines about nothing', () => {
    const faults = faultsOf({
      businesses: [business('root', null), business('lost', 'gone'), business('a', 'b'), business('b', 'a')],
      lines: [{ id: 'line', name, businessId: 'nothing', zone: 'UTC', notice: 'live' }],
      scenarios: [{ id: 'scenario', name, lineIds: ['no-line'] }],
    });
    expect(faults).to.have.length(6);
    expect(faultsOf(small)).to.deep.equal([]);
  });
});

describe('A team', () => {
  it('is who owns a node or something below it', () => {
    expect([...teamOf(company, 'supermarket')]).to.have.members(['supermarket-manager', 'mother-baby-owner']);
  });

  it('is seen by who owns the node or one above, and by nobody beside', () => {
    expect(teamsWithin(company, ['supermarket']).has('mother-baby')).to.equal(true);
    expect(teamsWithin(company, ['mother-baby']).has('supermarket')).to.equal(false);
  });
});

describe('The demo company', () => {
  it('hangs together, from the groups down to SKUs', () => {
    expect(faultsOf(company)).to.deep.equal([]);
    const kinds = new Set(company.businesses.map(({ kind }) => kind));
    expect([...kinds].sort()).to.deep.equal(['brand', 'category', 'group', 'process', 'service', 'sku']);
    const ids = company.businesses.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('has its five lines and fifteen scenarios, each scenario on some line and each line with scenarios', () => {
    expect(company.lines.map(({ id }) => id).sort()).to.deep.equal([
      'appliance-installation',
      'delivery',
      'electronics',
      'fresh-food',
      'supermarket',
    ]);
    expect(company.scenarios).to.have.length(15);
    for (const { id } of company.lines) {
      expect(
        company.scenarios.filter(({ lineIds }) => lineIds.includes(id)),
        id,
      ).to.have.length.above(1);
      expect(
        products.filter(({ lineIds }) => lineIds.includes(id)),
        id,
      ).to.have.length.above(1);
    }
  });

  it('is written in both languages', () => {
    const names = [...company.businesses, ...company.lines, ...company.scenarios, ...people].map(
      (one) => one.name,
    );
    for (const one of [...names, ...people.map(({ title }) => title)]) {
      expect(one.en, JSON.stringify(one)).to.match(/^[\x20-\x7e]+$/);
      expect(one.zh, JSON.stringify(one)).to.match(/\p{Script=Han}/u);
    }
  });

  it('has owners who exist, and gives everyone who may listen or answer at least one line', () => {
    const known = new Set(people.map(({ id }) => id));
    for (const { ownerIds } of company.businesses) for (const id of ownerIds) expect(known).to.include(id);
    for (const one of people) {
      const person = withScope(one, ownedBy(company, one.id));
      const listens = may(person, 'calls.listen');
      if (one.role === 'agent' || (listens.allowed && listens.scope === 'own')) {
        expect(person.lineIds, one.id).to.not.be.empty;
      }
    }
  });

  it('has a running slot with free seats on every line at any hour of any day', () => {
    const monday = weekStart(Date.UTC(2026, 2, 11, 3));
    for (let hour = 0; hour < 7 * 24; hour++) {
      const now = monday + hour * 3_600_000 + 17 * 60_000;
      const slots = demoSlots(now);
      const { booked } = demoVisits(now);
      for (const { id: lineId } of company.lines) {
        const running = slots.filter(
          (slot) => slot.lineId === lineId && slot.startsAt <= now && now < slot.endsAt,
        );
        expect(running, `${lineId} at hour ${hour}`).to.have.length(1);
        const taken = booked.filter(
          (visit) => visit.lineId === lineId && visit.startsAt === running[0]?.startsAt,
        );
        expect(taken.length).to.be.below(running[0]?.seats ?? 0);
      }
    }
  });

  it('plans the same slots whenever in a week it is asked', () => {
    const monday = weekStart(Date.now());
    const ids = (now: number) => demoSlots(now).map(({ id }) => id);
    expect(ids(monday + 1)).to.deep.equal(ids(monday + 6.9 * 24 * 3_600_000));
  });

  it('books and attended only slots that exist', () => {
    const now = weekStart(Date.now()) + 40 * 3_600_000;
    const starts = new Set(demoSlots(now).map(({ lineId, startsAt }) => `${lineId} ${startsAt}`));
    const { attended, booked } = demoVisits(now);
    expect(attended).to.not.be.empty;
    expect(booked).to.not.be.empty;
    for (const { lineId, startsAt } of [...attended, ...booked]) {
      expect(starts).to.include(`${lineId} ${startsAt}`);
    }
  });
});
