/** What a spreadsheet would run as a formula when it opens the file (OWASP, CSV injection). */
const formula = /^[=+\-@\t\r]/;

/** One field (RFC 4180 §2): quoted where it must be; a text that looks like a formula is kept a text. */
function field(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A table as RFC 4180 has it, with the mark by which spreadsheets know UTF-8. */
export function toCsv(rows: readonly (readonly (string | number)[])[]): string {
  return `\uFEFF${rows.map((row) => `${row.map(field).join(',')}\r\n`).join('')}`;
}

/** Milliseconds as minutes with one decimal, for a table. */
export const minutes = (ms: number): number => Math.round(ms / 6_000) / 10;
