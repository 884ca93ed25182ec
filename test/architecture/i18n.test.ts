import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { parseSync } from 'vite';
import { errorStatus } from '#contract/errors.ts';
import { en } from '../../web/src/i18n/en.ts';
import { zhCn } from '../../web/src/i18n/zh-cn.ts';

const source = join(import.meta.dirname, '../../web/src');

/** `namespace:path.to.key` → text, of one catalogue. */
function entries(catalogue: object): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (node: object, path: string) => {
    for (const [key, value] of Object.entries(node)) {
      const at = path ? `${path}/${key}` : key;
      if (typeof value === 'string') found.set(at, value);
      else walk(value as object, at);
    }
  };
  walk(catalogue, '');
  return found;
}

const placeholders = (text: string) => [...text.matchAll(/\{\{\s*(\w+)/g)].map(([, name]) => name).sort();

describe('the two catalogues', () => {
  const english = entries(en);
  const chinese = entries(zhCn);
  // Chinese has one plural form (Intl.PluralRules), English two.
  const expected = [...english.keys()].filter((key) => !key.endsWith('_one'));

  it('have the same keys', () => {
    expect([...chinese.keys()].sort()).to.deep.equal(expected.sort());
  });

  it('have a text for every key', () => {
    for (const [key, text] of [...english, ...chinese]) expect(text.trim(), key).not.to.equal('');
  });

  it('use the same placeholders', () => {
    const differing = expected.filter(
      (key) => placeholders(english.get(key) ?? '').join() !== placeholders(chinese.get(key) ?? '').join(),
    );
    expect(differing).to.deep.equal([]);
  });

  it('offer both plural forms in English wherever they offer one', () => {
    const singular = [...english.keys()].filter((key) => key.endsWith('_one'));
    for (const key of singular) expect(english.has(key.replace(/_one$/, '_other')), key).to.equal(true);
  });

  it('write Chinese with Chinese punctuation', () => {
    const half = [...chinese].filter(([, text]) =>
      /[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]/.test(text),
    );
    expect(half).to.deep.equal([]);
  });

  it('say what happened and what to do for every error code', () => {
    for (const code of Object.keys(errorStatus)) {
      expect(en.errors, code).to.have.property(code);
      expect(zhCn.errors, code).to.have.property(code);
    }
  });
});

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [property: string]: unknown;
}

/** Attributes whose text people read or hear. */
const spoken = new Set([
  'title',
  'alt',
  'label',
  'placeholder',
  'description',
  'content',
  'okText',
  'cancelText',
  'extra',
  'lead',
  'aria-label',
  'aria-description',
  'aria-roledescription',
  'aria-valuetext',
]);

const isWord = (text: unknown): text is string => typeof text === 'string' && /\p{L}{2,}/u.test(text);
const isHan = (text: unknown): text is string => typeof text === 'string' && /\p{Script=Han}/u.test(text);

/** What stands in a style element is for the browser, not for people. */
function isStyleElement(node: Node): boolean {
  if (node.type !== 'JSXElement') return false;
  const { name } = node.openingElement as { name: { name?: string } };
  return name.name === 'style';
}

/** Texts in a component that bypass the catalogues: words in the markup, in spoken attributes, or Chinese anywhere. */
function strayTexts(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const { program, errors } = parseSync(file, text, { lang: file.endsWith('x') ? 'tsx' : 'ts' });
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message}`);
  const strays: string[] = [];
  const report = (node: Node, what: string) => {
    const line = text.slice(0, node.start).split('\n').length;
    strays.push(`${relative(source, file)}:${line} ${what.trim()}`);
  };
  const literals = (node: unknown): Node[] => {
    const value = node as Node | null;
    switch (value?.type) {
      case 'Literal':
        return [value];
      case 'TemplateElement':
        return [value];
      case 'TemplateLiteral':
        return (value.quasis as Node[]).flatMap(literals);
      case 'JSXExpressionContainer':
        return literals(value.expression);
      case 'ConditionalExpression':
        return [...literals(value.consequent), ...literals(value.alternate)];
      case 'LogicalExpression':
        return [...literals(value.left), ...literals(value.right)];
      default:
        return [];
    }
  };
  const textOf = (node: Node) =>
    node.type === 'TemplateElement' ? (node.value as { cooked: string }).cooked : node.value;
  const walk = (node: unknown) => {
    if (Array.isArray(node)) {
      for (const child of node) walk(child);
      return;
    }
    if (!node || typeof node !== 'object' || !('type' in node)) return;
    const current = node as Node;
    if (isStyleElement(current)) return;
    if (current.type === 'JSXText' && isWord(current.value)) report(current, current.value);
    if ((current.type === 'Literal' || current.type === 'TemplateElement') && isHan(textOf(current))) {
      report(current, String(textOf(current)));
    }
    if (current.type === 'JSXElement' || current.type === 'JSXFragment') {
      for (const child of current.children as Node[]) {
        if (child.type !== 'JSXExpressionContainer') continue;
        for (const literal of literals(child)) {
          if (isWord(textOf(literal))) report(literal, String(textOf(literal)));
        }
      }
    }
    if (current.type === 'JSXAttribute' && spoken.has((current.name as { name: string }).name)) {
      for (const literal of literals(current.value)) {
        if (isWord(textOf(literal))) report(literal, String(textOf(literal)));
      }
    }
    for (const [key, value] of Object.entries(current)) if (key !== 'parent') walk(value);
  };
  walk(program);
  return strays;
}

describe('the web app', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('i18n'))
    .map((file) => join(source, file));

  it('is found', () => {
    expect(files.length).to.be.greaterThan(30);
  });

  it('shows people no text from outside the catalogues', () => {
    expect(files.flatMap(strayTexts)).to.deep.equal([]);
  });
});
