const drawn = new WeakMap<readonly (number | null)[], string>();

/**
 * The SVG path of a small line: values left to right over the full width, gaps left open. A series whose range is wide and positive
 * is drawn on a log scale, because otherwise the beginning flattens the rest. Kept for as long as the values are: one list of
 * values is drawn at one size.
 */
export function sparklinePath(values: readonly (number | null)[], width: number, height: number): string {
  const before = drawn.get(values);
  if (before !== undefined) return before;
  const path = draw(values, width, height);
  drawn.set(values, path);
  return path;
}

function draw(values: readonly (number | null)[], width: number, height: number): string {
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  if (finite.length < 2) return '';
  const least = Math.min(...finite);
  const scale = least > 0 && Math.max(...finite) / least > 30 ? Math.log : (value: number) => value;
  const low = scale(least);
  const range = scale(Math.max(...finite)) - low;
  const inner = height - 2;
  let path = '';
  let pen = 'M';
  values.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) {
      pen = 'M';
      return;
    }
    const x = (i / (values.length - 1)) * width;
    const y = range > 0 ? 1 + inner - ((scale(value) - low) / range) * inner : height / 2;
    path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = 'L';
  });
  return path;
}
