import { expect } from 'chai';
import { complement, difference, intersection, type Span, totalOf, union } from '#worker/analyse/spans.ts';

const span = (fromMs: number, toMs: number): Span => ({ fromMs, toMs });

describe('Spans', () => {
  it('are joined where they touch, and where the gap is short enough', () => {
    const given = [span(50, 60), span(0, 10), span(10, 20), span(25, 30), span(70, 70)];
    expect(union(given)).to.deep.equal([span(0, 20), span(25, 30), span(50, 60)]);
    expect(union(given, 20)).to.deep.equal([span(0, 60)]);
  });

  it('have in common what lies in both', () => {
    const common = intersection([span(0, 10), span(20, 40)], [span(5, 25), span(30, 50)]);
    expect(common).to.deep.equal([span(5, 10), span(20, 25), span(30, 40)]);
    expect(totalOf(common)).to.equal(20);
    expect(intersection([span(0, 10)], [span(10, 20)])).to.deep.equal([]);
  });

  it('leave over what lies in none of the others', () => {
    expect(complement(span(0, 100), [span(-5, 10), span(40, 50), span(90, 120)])).to.deep.equal([
      span(10, 40),
      span(50, 90),
    ]);
    expect(difference([span(0, 20), span(30, 40)], [span(10, 35)])).to.deep.equal([
      span(0, 10),
      span(35, 40),
    ]);
    expect(complement(span(0, 10), [span(0, 10)])).to.deep.equal([]);
  });
});
