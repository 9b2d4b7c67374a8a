export interface Match<T> {
  item: T;
  score: number;
  /** Indices of the characters that matched. */
  positions: number[];
}

const isHump = (text: string, i: number) => /[a-z]/.test(text[i - 1]) && /[A-Z]/.test(text[i]);
const isStart = (text: string, i: number) => i === 0 || /[\s/_.:-]/.test(text[i - 1]) || isHump(text, i);

/**
 * Score of `query` as a subsequence of `text`, or null. Neighbouring characters and starts of words count for more and
 * skipped ones a little against it, so that `nr` finds "New run" before "Open runs". Spaces in the query are ignored.
 */
export function fuzzyScore(query: string, text: string): { score: number; positions: number[] } | null {
  const wanted = query.toLowerCase().replace(/\s+/g, '');
  if (wanted === '') return { score: 0, positions: [] };
  const lower = text.toLowerCase();
  const n = wanted.length;
  const m = lower.length;
  if (n > m) return null;
  // best[i][j]: score of the first i characters with the i-th matched at j, by dynamic programming over both strings.
  const none = -Infinity;
  const best = Array.from({ length: n }, () => new Float64Array(m).fill(none));
  const from = Array.from({ length: n }, () => new Int32Array(m).fill(-1));
  for (let i = 0; i < n; i++) {
    let bestBefore = none;
    let bestBeforeAt = -1;
    for (let j = i; j < m; j++) {
      const previous = best[i - 1];
      if (previous && j >= 1) {
        const score = previous[j - 1] + j * 0.02;
        if (score > bestBefore) {
          bestBefore = score;
          bestBeforeAt = j - 1;
        }
      }
      if (lower[j] !== wanted[i]) continue;
      const here = 1 + (isStart(text, j) ? 1.5 : 0);
      if (!previous) {
        best[i][j] = here - j * 0.02;
        continue;
      }
      const adjacent = j >= 1 ? previous[j - 1] + 1 : none;
      const apart = bestBefore - j * 0.02;
      const score = Math.max(adjacent, apart);
      if (score === none) continue;
      best[i][j] = here + score;
      from[i][j] = adjacent >= apart ? j - 1 : bestBeforeAt;
    }
  }
  const last = best[n - 1];
  let at = -1;
  for (let j = 0; j < m; j++) if (at < 0 ? last[j] !== none : last[j] > last[at]) at = j;
  if (at < 0) return null;
  const score = last[at] - m * 0.01;
  const positions: number[] = [];
  for (let i = n - 1; i >= 0; i--) {
    positions.unshift(at);
    at = from[i][at];
  }
  return { score, positions };
}

/** Items that match, best first; without a query all of them in their order. */
export function fuzzySearch<T>(query: string, items: readonly T[], textOf: (item: T) => string, most = 50): Match<T>[] {
  const found: Match<T>[] = [];
  for (const item of items) {
    const match = fuzzyScore(query, textOf(item));
    if (match) found.push({ item, ...match });
  }
  if (query.trim() !== '') found.sort((a, b) => b.score - a.score);
  return found.slice(0, most);
}
