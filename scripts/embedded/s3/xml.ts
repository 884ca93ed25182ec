/** An element to write: its name and either text or child elements. Undefined content leaves it out. */
export type XmlField = readonly [
  name: string,
  content: string | number | boolean | readonly XmlField[] | undefined,
];

export interface XmlElement {
  name: string;
  text: string;
  children: XmlElement[];
}

export class XmlSyntaxError extends Error {}

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Escapes text content; control characters become references, so that any key survives the trip. */
export function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to be escaped
  return text.replace(/[&<>"\u0000-\u001f\u007f]/g, (char) => {
    const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
    return named[char] ?? `&#x${char.charCodeAt(0).toString(16)};`;
  });
}

/** A whole answer document in S3's namespace. */
export function xmlDocument(root: string, fields: readonly XmlField[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${namespace}">${writeFields(fields)}</${root}>`;
}

function writeFields(fields: readonly XmlField[]): string {
  return fields
    .filter(([, content]) => content !== undefined)
    .map(([name, content]) => {
      const inner = Array.isArray(content) ? writeFields(content) : escapeXml(String(content));
      return `<${name}>${inner}</${name}>`;
    })
    .join('');
}

/**
 * Reads the small request documents of S3. Strict: no DTD, no processing instruction but the declaration,
 * no CDATA, only the five named entities and character references. Attributes are read over (only xmlns occurs).
 * @throws XmlSyntaxError
 */
export function parseXml(source: string): XmlElement {
  const token =
    /<\?xml [^<>?]*\?>|<!--(?:(?!--)[\s\S])*-->|<(\/?)([A-Za-z_][\w.-]*)((?:\s[^<>]*?)?)(\/?)>|([^<]+)/y;
  const document: XmlElement = { name: '', text: '', children: [] };
  const open = [document];
  token.lastIndex = source.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (token.lastIndex < source.length) {
    const match = token.exec(source);
    if (!match) throw new XmlSyntaxError('not well-formed');
    const [, closing, name, , selfClosing, text] = match;
    const current = open.at(-1)!;
    if (text !== undefined) {
      current.text += unescapeXml(text);
    } else if (closing) {
      if (current.name !== name || open.length === 1) throw new XmlSyntaxError(`unexpected </${name}>`);
      open.pop();
    } else if (name) {
      const element: XmlElement = { name, text: '', children: [] };
      current.children.push(element);
      if (!selfClosing) open.push(element);
      if (open.length > 16) throw new XmlSyntaxError('nested too deeply');
    }
  }
  const root = document.children[0];
  if (open.length !== 1 || document.children.length !== 1 || !root || document.text.trim() !== '') {
    throw new XmlSyntaxError('not exactly one root element');
  }
  return root;
}

/** Text of the first child of that name. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

function unescapeXml(text: string): string {
  return text.replace(/&([^;]{0,10};?)/g, (_, reference: string) => {
    const named: Record<string, string> = { 'amp;': '&', 'lt;': '<', 'gt;': '>', 'quot;': '"', 'apos;': "'" };
    const code = /^#(?:x([0-9a-f]+)|(\d+));$/i.exec(reference);
    const point = code ? Number.parseInt(code[1] ?? code[2] ?? '', code[1] ? 16 : 10) : Number.NaN;
    const char = named[reference] ?? (point <= 0x10ffff ? String.fromCodePoint(point) : undefined);
    if (char === undefined) throw new XmlSyntaxError(`unknown entity &${reference}`);
    return char;
  });
}
