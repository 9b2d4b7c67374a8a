import { describe, expect, it } from 'vitest';
import { fuzzyScore, fuzzySearch } from './fuzzy';

const best = (query: string, ...items: string[]) => fuzzySearch(query, items, (item) => item)[0]?.item;

describe('fuzzy search', () => {
  it('finds characters in their order and nothing else', () => {
    expect(fuzzyScore('nwr', 'New run')).not.toBeNull();
    expect(fuzzyScore('rn', 'New')).toBeNull();
    expect(fuzzyScore('longer than it', 'short')).toBeNull();
  });

  it('prefers starts of words', () => {
    expect(best('nr', 'Open runs', 'New run')).toBe('New run');
    expect(best('gs', 'Go to settings', 'Tagsets')).toBe('Go to settings');
    expect(best('lr', 'color', 'optimizer.learningRate')).toBe('optimizer.learningRate');
  });

  it('prefers characters that stand together', () => {
    expect(best('run', 'recurrent network', 'Start the demo run')).toBe('Start the demo run');
  });

  it('says which characters matched', () => {
    expect(fuzzyScore('nr', 'New run')?.positions).toEqual([0, 4]);
  });

  it('gives everything in its order when nothing is asked', () => {
    expect(fuzzySearch('  ', ['b', 'a'], (item) => item).map(({ item }) => item)).toEqual(['b', 'a']);
  });
});
