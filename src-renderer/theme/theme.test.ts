import { describe, expect, it } from 'vitest';
import { assignColours, runColourIndex, seriesColour, seriesColourCount } from './seriesColours';
import { applyTokens, dark, light, type Tokens } from './tokens';

/** WCAG 2 relative luminance. */
function luminance(hex: string): number {
  const channel = (at: number) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

const texts: (keyof Tokens)[] = [
  'text', 'text2', 'text3', 'accentText', 'queued', 'running', 'paused', 'done', 'failed', 'crashed', 'cancelled',
]; // prettier-ignore

describe.each([['light', light], ['dark', dark]] as const)('the %s theme', (scheme, tokens) => {
  it.each(texts)('shows %s with AA contrast on every surface', (name) => {
    for (const surface of [tokens.bg, tokens.surface, tokens.raised])
      expect(contrast(tokens[name], surface)).toBeGreaterThanOrEqual(4.5);
  });

  it('shows code with AA contrast, also on marked lines', () => {
    for (const name of ['codeKey', 'codeString', 'codeNumber', 'codeComment'] as const)
      for (const surface of [tokens.surface, tokens.changed]) expect(contrast(tokens[name], surface), name).toBeGreaterThanOrEqual(4.5);
  });

  it('shows buttons with AA contrast', () => {
    for (const fill of [tokens.accent, tokens.accentHover]) expect(contrast(tokens.onAccent, fill)).toBeGreaterThanOrEqual(4.5);
  });

  it('shows every series colour', () => {
    for (let i = 0; i < seriesColourCount; i++)
      expect(contrast(seriesColour(i, scheme), tokens.surface)).toBeGreaterThanOrEqual(2);
  });
}); // prettier-ignore

describe('tokens', () => {
  it('become CSS variables', () => {
    const root = document.createElement('div');
    applyTokens(root, dark, 'dark');
    expect(root.style.getPropertyValue('--accent-text')).toBe(dark.accentText);
    expect(root.style.getPropertyValue('--text-2')).toBe(dark.text2);
    expect(root.dataset.theme).toBe('dark');
  });
});

describe('colours of runs', () => {
  const ids = Array.from({ length: 12 }, (_, i) => `20261123-0${i}`);

  it('are the same in every view', () => {
    expect(runColourIndex('20261123-soft')).toBe(runColourIndex('20261123-soft'));
    expect(assignColours(['one']).get('one')).toBe(runColourIndex('one'));
  });

  it('do not collide within one view, whatever the order', () => {
    const forwards = assignColours(ids);
    const backwards = assignColours([...ids].reverse());
    expect(new Set(forwards.values()).size).toBe(ids.length);
    for (const id of ids) expect(backwards.get(id)).toBe(forwards.get(id));
  });
});
