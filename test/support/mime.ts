/** One part of a mail (RFC 2045): its headers in lower case, and its text or its parts. */
export interface MimePart {
  readonly headers: ReadonlyMap<string, string>;
  /** Without parameters, lower case. */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** Decoded, as UTF-8; empty of a multipart. */
  readonly text: string;
  readonly parts: readonly MimePart[];
}

/** Reads a mail as a mail reader would. Throws where it is not well formed. */
export function parseMime(raw: string): MimePart {
  const end = raw.indexOf('\r\n\r\n');
  if (end === -1) throw new Error('no end of headers');
  const headers = new Map<string, string>();
  for (const line of raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon === -1) throw new Error(`not a header: ${line}`);
    headers.set(line.slice(0, colon).toLowerCase(), decodedWords(line.slice(colon + 1).trim()));
  }
  const [type = 'text/plain', ...rest] = (headers.get('content-type') ?? 'text/plain').split(';');
  const parameters = new Map(
    rest.map((parameter) => {
      const [name = '', ...value] = parameter.trim().split('=');
      return [name.toLowerCase(), value.join('=').replace(/^"|"$/g, '')] as const;
    }),
  );
  const body = raw.slice(end + 4);
  const boundary = parameters.get('boundary');
  if (type.trim().toLowerCase().startsWith('multipart/')) {
    if (boundary === undefined) throw new Error('a multipart without a boundary');
    const pieces = `\r\n${body}`.split(`\r\n--${boundary}`);
    if (!pieces.at(-1)?.startsWith('--')) throw new Error('a multipart that does not end');
    const parts = pieces.slice(1, -1).map((piece) => parseMime(piece.replace(/^\r\n/, '')));
    return { headers, type: type.trim().toLowerCase(), parameters, text: '', parts };
  }
  const text = decoded(body, headers.get('content-transfer-encoding') ?? '7bit');
  return { headers, type: type.trim().toLowerCase(), parameters, text, parts: [] };
}

/** Every part of a type, wherever it lies. */
export function partsOf(part: MimePart, type: string): MimePart[] {
  return [...(part.type === type ? [part] : []), ...part.parts.flatMap((inner) => partsOf(inner, type))];
}

function decoded(body: string, encoding: string): string {
  const way = encoding.toLowerCase();
  if (way === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  return way === 'quoted-printable' ? quotedPrintable(body.replace(/=\r\n/g, '')) : body;
}

function quotedPrintable(text: string): string {
  const bytes: number[] = [];
  for (let index = 0; index < text.length; index++) {
    const hex = text[index] === '=' ? /^[0-9A-F]{2}/i.exec(text.slice(index + 1))?.[0] : undefined;
    if (hex) {
      bytes.push(Number.parseInt(hex, 16));
      index += 2;
    } else bytes.push(...Buffer.from(text[index] ?? ''));
  }
  return Buffer.from(bytes).toString('utf8');
}

/** RFC 2047, UTF-8 only; white space between two encoded words is none of the text's. */
function decodedWords(value: string): string {
  return value
    .replace(/(\?=)\s+(=\?)/g, '$1$2')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, how: string, words: string) =>
      how.toLowerCase() === 'b'
        ? Buffer.from(words, 'base64').toString('utf8')
        : quotedPrintable(words.replaceAll('_', ' ')),
    );
}

/** The properties of the one VEVENT of a calendar (RFC 5545 §3.1: unfolded), by name, with their parameters. */
export function eventOf(ics: string): {
  readonly method: string;
  readonly properties: ReadonlyMap<string, { value: string; parameters: string }[]>;
} {
  for (const line of ics.split('\r\n')) {
    if (Buffer.byteLength(line) > 75) throw new Error(`a line longer than 75 bytes: ${line}`);
  }
  const lines = ics.replace(/\r\n[ \t]/g, '').split('\r\n');
  const begin = lines.indexOf('BEGIN:VEVENT');
  const end = lines.indexOf('END:VEVENT');
  if (lines[0] !== 'BEGIN:VCALENDAR' || begin === -1 || end < begin || !lines.includes('END:VCALENDAR')) {
    throw new Error('not a calendar with an event');
  }
  const properties = new Map<string, { value: string; parameters: string }[]>();
  for (const line of lines.slice(begin + 1, end)) {
    const match = /^([A-Z-]+)((?:;(?:[^":;]|"[^"]*")*)*):(.*)$/.exec(line);
    if (!match) throw new Error(`not a property: ${line}`);
    const [, name = '', parameters = '', value = ''] = match;
    properties.set(name, [...(properties.get(name) ?? []), { value, parameters }]);
  }
  const method = lines.find((line) => line.startsWith('METHOD:'))?.slice(7) ?? '';
  return { method, properties };
}
