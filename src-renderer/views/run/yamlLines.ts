/**
 * The lines (from 1) on which settings stand in block-style YAML, as Adjoint writes it: `optimizer.learningRate` is the line
 * `learningRate:` inside `optimizer:`. A setting that holds a list or a block covers all of its lines.
 */
export function linesOfPaths(yaml: string, paths: readonly string[]): number[] {
  const wanted = new Set(paths);
  const found: number[] = [];
  const open: { indent: number; key: string }[] = [];
  let inside: number | null = null;
  yaml.split('\n').forEach((line, i) => {
    const indent = line.length - line.trimStart().length;
    if (inside !== null && line.trim() !== '') {
      const item = line.trimStart().startsWith('- ');
      if (indent > inside || (item && indent === inside)) {
        found.push(i + 1);
        return;
      }
      inside = null;
    }
    const match = /^\s*(?:"([^"]+)"|'([^']+)'|([^\s#:'"-][^:#]*?))\s*:(?:\s|$)/.exec(line);
    if (!match) return;
    while (open.length > 0 && (open.at(-1)?.indent ?? -1) >= indent) open.pop();
    open.push({ indent, key: match[1] ?? match[2] ?? match[3] });
    if (!wanted.has(open.map(({ key }) => key).join('.'))) return;
    found.push(i + 1);
    inside = indent;
  });
  return found;
}
