import { useTranslation } from 'react-i18next';
import type { LocalText } from '#contract/primitives.ts';

export const languages = ['zh-CN', 'en'] as const;
export type Language = (typeof languages)[number];

const storageKey = 'cloud-listening.language';

function isLanguage(value: unknown): value is Language {
  return languages.includes(value as Language);
}

/** The language chosen last time, else the first of the browser's languages that the product speaks, else English. */
export function firstLanguage(): Language {
  try {
    const stored = localStorage.getItem(storageKey);
    if (isLanguage(stored)) return stored;
  } catch {
    // Storage may be closed to us (private windows): the browser's languages decide.
  }
  for (const tag of navigator.languages) {
    if (/^zh\b/i.test(tag)) return 'zh-CN';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}

export function rememberLanguage(language: Language): void {
  try {
    localStorage.setItem(storageKey, language);
  } catch {
    // Without storage the choice lasts for this visit.
  }
}

/** The language in force; the component renders again when it changes. */
export function useLanguage(): Language {
  const { i18n } = useTranslation();
  return isLanguage(i18n.language) ? i18n.language : 'en';
}

/** Picks the text that the server sent in both languages. */
export function localized(text: LocalText, language: Language): string {
  return language === 'zh-CN' ? text.zh || text.en : text.en || text.zh;
}

/** `const local = useLocalText(); local(line.name)` */
export function useLocalText(): (text: LocalText) => string {
  const language = useLanguage();
  return (text) => localized(text, language);
}
