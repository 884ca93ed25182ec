import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ErrorCode, errorStatus } from '#contract/errors.ts';
import { root, sourcesOf } from './source.ts';

type Strings = { [key: string]: string | Strings };

const load = async (name: string): Promise<Strings> => {
  const module = (await import(join(root, `web/src/i18n/${name}.ts`))) as Record<string, Strings>;
  const [catalogue] = Object.values(module);
  if (!catalogue) throw new Error(`${name}.ts exports nothing`);
  return catalogue;
};

function flatten(strings: Strings, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(strings).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...flatten(value, `${prefix}${key}.`)],
    ),
  );
}

/** i18next's plural forms: English has two, Chinese one. */
const withoutPlural = (key: string) => key.replace(/_(zero|one|two|few|many|other)$/, '');
const placeholders = (text: string) =>
  [...new Set([...text.matchAll(/\{\{\s*(\w+)/g)].map(([, name]) => name))].sort();

describe('The two catalogues', () => {
  let en: Map<string, string>;
  let zh: Map<string, string>;

  before(async () => {
    expect(existsSync(join(root, 'web/src/i18n/en.ts'))).to.equal(true);
    [en, zh] = [flatten(await load('en')), flatten(await load('zh-cn'))];
  });

  it('have the same keys', () => {
    const keys = (catalogue: Map<string, string>) =>
      [...new Set([...catalogue.keys()].map(withoutPlural))].sort();
    expect(keys(en)).to.have.length.above(100);
    expect(keys(zh)).to.deep.equal(keys(en));
  });

  it('say something under every key, in their own language', () => {
    for (const [key, text] of [...en, ...zh]) expect(text.trim(), key).to.not.equal('');
    const han = [...en].filter(([, text]) => /\p{Script=Han}/u.test(text)).map(([key]) => key);
    // A language is named in its own script, so that its speakers find it.
    expect(han.filter((key) => !/language/i.test(key))).to.deep.equal([]);
    const chinese = [...zh].filter(([, text]) => /\p{Script=Han}/u.test(text)).length;
    expect(chinese / zh.size).to.be.above(0.9);
  });

  it('fill in the same values', () => {
    for (const [key, text] of en) {
      const twin = zh.get(key) ?? zh.get(`${withoutPlural(key)}_other`) ?? zh.get(withoutPlural(key)) ?? '';
      // "One" may be said without its number.
      if (key.endsWith('_one')) continue;
      expect(placeholders(twin), key).to.deep.equal(placeholders(text));
    }
  });

  it('have a sentence for every error code', () => {
    const codes = Object.keys(errorStatus) as ErrorCode[];
    const missing = codes.filter(
      (code) => ![...en.keys()].some((key) => key.startsWith('errors.') && key.includes(code)),
    );
    expect(missing).to.deep.equal([]);
  });

  it('hold every string that people read', () => {
    const outside = sourcesOf('web/src')
      .filter(({ path }) => !path.startsWith('web/src/i18n/'))
      .flatMap(({ path, text }) => saidIn(text, path.endsWith('.tsx')).map((words) => `${path}: ${words}`));
    expect(outside).to.deep.equal([]);
    const sample = '<p>Hello there</p><b title="A word">{t("key")}</b> // 注释\nconst name = "姓名";';
    expect(saidIn(sample, true), 'what this looks for is found').to.deep.equal([
      '姓名',
      'Hello there',
      'A word',
    ]);
  });
});

/** Chinese anywhere outside comments; in pages, text between tags and in the attributes that people read or hear. */
function saidIn(text: string, page: boolean): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
  const all = (pattern: RegExp) => [...code.matchAll(pattern)].map((match) => match[1] ?? match[0]);
  const chinese = all(/\p{Script=Han}+/gu);
  if (!page) return chinese;
  return [
    ...chinese,
    ...all(/<\/?[A-Za-z][^<>{}=]*>\s*([A-Za-z][a-z]+(?: [A-Za-z]+)*[.!?]?)\s*<\//g),
    ...all(/\b(?:aria-label|title|placeholder|alt|label)="([^"]*[A-Za-z][^"]*)"/g),
  ];
}
