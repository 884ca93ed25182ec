import { expect } from 'chai';
import { childText, parseXml, XmlSyntaxError, xmlDocument } from '#scripts/embedded/s3/xml.ts';

describe('the small XML of S3', () => {
  it('brings any key there and back', () => {
    const key = 'a & <b> "c" \' \t\n\r 通话 \u{1f50a} &amp;';
    const root = parseXml(xmlDocument('Delete', [['Object', [['Key', key]]]]));
    expect(root.name).to.equal('Delete');
    expect(childText(root.children[0]!, 'Key')).to.equal(key);
  });

  it('reads attributes over, comments, empty elements and references', () => {
    const root = parseXml(
      '\ufeff<?xml version="1.0"?>\n<!-- a -- b --><A xmlns="x"><B/><C >&#65;&#x42;&quot;</C></A>\n'.replace(
        ' -- b',
        '',
      ),
    );
    expect(root.children.map(({ name }) => name)).to.deep.equal(['B', 'C']);
    expect(childText(root, 'C')).to.equal('AB"');
    expect(childText(root, 'absent')).to.equal(undefined);
  });

  for (const wrong of [
    '',
    'text',
    '<A>',
    '</A>',
    '<A></B>',
    '<A/><B/>',
    '<A/>text',
    '<A>&nbsp;</A>',
    '<A>&</A>',
    '<A>&#x110000;</A>',
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '<A><![CDATA[x]]></A>',
    '<A><?php x ?></A>',
    '<A'.repeat(5),
    '<A>'.repeat(20) + '</A>'.repeat(20),
  ]) {
    it(`refuses ${JSON.stringify(wrong.slice(0, 50))}`, () => {
      expect(() => parseXml(wrong)).to.throw(XmlSyntaxError);
    });
  }

  it('takes no longer for hostile input than for honest', () => {
    const start = performance.now();
    for (const hostile of [
      '<A '.repeat(200_000),
      `<A>${' '.repeat(500_000)}`,
      '&'.repeat(500_000),
      '<!--'.repeat(100_000),
    ]) {
      expect(() => parseXml(hostile)).to.throw(XmlSyntaxError);
    }
    expect(performance.now() - start).to.be.below(2000);
  });
});
