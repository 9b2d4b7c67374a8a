import type { Page } from '@playwright/test';

/** What is wrong with the window as it is laid out, a line each: what scrolls sideways, and words that are cut off. */
export function faultsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found = new Set<string>();
    const nameOf = (element: Element): string => {
      const testId = element.getAttribute('data-testid');
      const words = element.textContent.trim().replace(/\s+/g, ' ').slice(0, 60);
      const classes = [...element.classList].slice(0, 3).join('.');
      return `${element.tagName.toLowerCase()}${classes && `.${classes}`}${testId ? `[${testId}]` : ''} “${words}”`;
    };
    const hasOwnWords = (element: Element): boolean =>
      [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
    for (const element of document.querySelectorAll<HTMLElement>('body *')) {
      if (element.closest('.visually-hidden, .katex, svg, .cm-editor') || !element.checkVisibility()) continue;
      const style = getComputedStyle(element);
      const excess = element.scrollWidth - element.clientWidth;
      if (style.display === 'inline' || excess <= 1 || element.clientWidth === 0) continue;
      const by = `${excess} px of ${element.scrollWidth}`;
      if (style.overflowX === 'auto' || style.overflowX === 'scroll')
        found.add(`scrolls sideways by ${by}: ${nameOf(element)}`);
      else if (!hasOwnWords(element)) continue;
      else if (style.textOverflow === 'ellipsis') {
        if (!element.title && !element.closest('[title]'))
          found.add(`shortened without a tooltip by ${by}: ${nameOf(element)}`);
      } else if (style.overflowX !== 'visible') found.add(`cut off by ${by}: ${nameOf(element)}`);
      else found.add(`runs over its box by ${by}: ${nameOf(element)}`);
    }
    return [...found];
  });
}
