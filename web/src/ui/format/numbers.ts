import type { Language } from '../../i18n/language.ts';

export function count(value: number, language: Language): string {
  return new Intl.NumberFormat(language).format(value);
}

/** A ratio 0–1 as a percentage that never rounds up to 100 %: 0.99996 is 99.99 %. */
export function percent(ratio: number, language: Language, digits = 2): string {
  const scale = 10 ** (digits + 2);
  const floored = Math.floor(ratio * scale + 1e-9) / scale;
  return new Intl.NumberFormat(language, {
    style: 'percent',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(floored);
}

/** Bytes in decimal units as disks are sold: 1.4 GB. */
export function bytes(value: number, language: Language): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const;
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: units[power] ?? 'byte',
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: power < 2 ? 0 : 1,
  }).format(value / 1000 ** power);
}
