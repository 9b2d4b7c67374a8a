/** A name for a new dataset, from its family and what it is, that no other has: `qcqp-n100`, `qcqp-n100-2`. */
export function suggestName(family: string, n: unknown, taken: ReadonlySet<string>): string {
  const base = typeof n === 'number' ? `${family}-n${n}` : family;
  if (!taken.has(base)) return base;
  let count = 2;
  while (taken.has(`${base}-${count}`)) count++;
  return `${base}-${count}`;
}
