import type { Page } from 'playwright-core';

/** Words that a person sees cut off: by a box that hides what does not fit, or by the window's edge. */
export function cutOffWords(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const hides = (overflow: string) => overflow === 'hidden' || overflow === 'clip';
    const scrolls = (overflow: string) => overflow === 'auto' || overflow === 'scroll';
    for (let node = words.nextNode(); node; node = words.nextNode()) {
      const element = node.parentElement;
      if (!node.nodeValue?.trim() || !element) continue;
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const text = range.getBoundingClientRect();
      // Meant for screen readers, or not laid out at all.
      if (text.width <= 1 || element.closest('.cl-visually-hidden, .ant-sr-only')) continue;
      let cut = false;
      let scrolled = false;
      for (let box: Element | null = element; box && !cut && !scrolled; box = box.parentElement) {
        const { overflowX, overflowY, display } = getComputedStyle(box);
        if (display === 'inline' || display === 'contents') continue;
        const edge = box.getBoundingClientRect();
        if (hides(overflowX) && (text.right > edge.right + 1 || text.left < edge.left - 1)) cut = true;
        // Half a line is lost, not the air around it.
        const lost = Math.max(text.bottom - edge.bottom, edge.top - text.top);
        if (hides(overflowY) && box !== document.body && lost > text.height / 2) cut = true;
        scrolled = scrolls(overflowX) && box.scrollWidth > box.clientWidth;
      }
      const { clientWidth } = document.documentElement;
      if (!scrolled && (text.right > clientWidth + 1 || text.left < -1)) cut = true;
      if (cut)
        found.push(`“${node.nodeValue.trim()}” in ${element.tagName.toLowerCase()}.${element.className}`);
    }
    return found;
  });
}

/** How many CSS pixels the page is wider than its window. */
export function sidewaysScroll(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}

/** What was meant for machines and is shown to people: ids, ISO timestamps, keys of a catalogue, unfilled places in a sentence. */
export async function machineWords(page: Page): Promise<string[]> {
  const machine =
    /\b(?!req_)[a-z]+_[0-9a-z]{12,}|\d{4}-\d\d-\d\dT\d\d|\{\{\w+\}\}|\b(undefined|NaN|null)\b|\[object|^[a-z]+(\.[a-z]\w+)+$/;
  return (await shownTexts(page)).map(({ text }) => text).filter((text) => machine.test(text));
}

/** English sentences, and English names that are only read aloud, on a Chinese page, save those marked as English. */
export async function englishLeftovers(page: Page): Promise<string[]> {
  const sentences = (await shownTexts(page))
    .filter(({ lang, text }) => lang !== 'en' && /[a-z]{2,} [a-z]{2,}/i.test(text))
    .map(({ text }) => text);
  const names = await page.evaluate(() =>
    [...document.querySelectorAll('[aria-label], [alt], [placeholder], [title]')]
      .filter((element) => {
        // The name of a button or link stands for everything inside of it.
        const named = element.parentElement?.closest(':is(a, button)[aria-label]');
        return !named && !element.closest('[aria-hidden="true"], [lang="en"]');
      })
      .flatMap((element) =>
        ['aria-label', 'alt', 'placeholder', 'title'].map((name) => element.getAttribute(name)),
      )
      .filter((name) => name !== null),
  );
  return [...sentences, ...names.filter((name) => /^[a-z][a-z -]{2,}$/i.test(name))];
}

/** Every piece of text that can be seen or is read aloud, with the language it is marked as. */
function shownTexts(page: Page): Promise<{ text: string; lang: string | undefined }[]> {
  return page.evaluate(() => {
    const texts: { text: string; lang: string | undefined }[] = [];
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = words.nextNode(); node; node = words.nextNode()) {
      const text = node.nodeValue?.trim();
      const element = node.parentElement;
      if (!text || !element?.checkVisibility({ visibilityProperty: true })) continue;
      texts.push({ text, lang: element.closest<HTMLElement>('[lang]')?.lang });
    }
    return texts;
  });
}
