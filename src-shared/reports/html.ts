import { toCsv } from '../figures/csv';
import { toSvg } from '../figures/svg';
import type { Report, ReportBlock, ReportTable } from './report';

/**
 * A report as one HTML file that needs nothing else: drawings are inside, and so are the data of every table and figure, as links that
 * save them. Nothing in it is executed or loaded. The same report is always the same file.
 */
export function reportHtml({ title, lead, blocks }: Report): string {
  let ids = 0;
  const nextFigure = () => `figure-${++ids}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${escaped(title)}</h1>
<p class="lead">${escaped(lead)}</p>
</header>
${blocks.map((block) => writeBlock(block, nextFigure)).join('\n')}
</main>
</body>
</html>
`;
}

function writeBlock(block: ReportBlock, nextFigure: () => string): string {
  switch (block.kind) {
    case 'heading':
      return `<h2>${escaped(block.text)}</h2>`;
    case 'text':
      return `<p>${escaped(block.text)}</p>`;
    case 'list': {
      const items = block.items.map(
        ({ text, basis }) => `<li>${escaped(text)}${basis ? `<span class="basis">${escaped(basis)}</span>` : ''}</li>`,
      );
      return `<ul class="${block.tone}">\n${items.join('\n')}\n</ul>`;
    }
    case 'table':
      return writeTable(block);
    case 'figure': {
      const { name, caption, figure } = block;
      return `<figure>
${inlineSvg(toSvg(figure), nextFigure())}
<figcaption>${escaped(caption)} ${download(`${name}.csv`, toCsv(figure))}</figcaption>
</figure>`;
    }
    case 'code':
      return `<h3>${escaped(block.title)}</h3>\n<pre>${escaped(block.text)}</pre>`;
  }
}

function writeTable({ title, caption, columns, rows, csv }: ReportTable): string {
  const attribute = (i: number) => (columns[i].numeric ? ' class="numeric"' : '');
  const head = columns.map((column, i) => `<th scope="col"${attribute(i)}>${escaped(column.title)}</th>`).join('');
  const body = rows.map(
    (row) => `<tr>${row.map((cell, i) => `<td${attribute(i)}>${escaped(cell)}</td>`).join('')}</tr>`,
  );
  const more = [...(caption ? [escaped(caption)] : []), ...(csv ? [download(`${fileName(title)}.csv`, csv)] : [])];
  return `<h3>${escaped(title)}</h3>
${more.length > 0 ? `<p class="caption">${more.join(' ')}</p>\n` : ''}<div class="scroll" tabindex="0" role="region" aria-label="${escaped(title)}"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table></div>`;
}

/** Without its XML declaration, and with names of its own: a page has one space of names for all its drawings. */
const inlineSvg = (svg: string, prefix: string): string =>
  svg.replace(/^<\?xml[^>]*>\n/, '').replace(/(id="|url\(#)clip-/g, `$1${prefix}-clip-`);

const download = (name: string, csv: string): string =>
  `<a download="${escaped(name)}" href="data:text/csv;charset=utf-8,${encodeURIComponent(csv)}">Data as CSV</a>`;

const fileName = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '') || 'table';

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character]);

const style = `
:root { color-scheme: light dark; --text: #1b1d22; --muted: #5c616b; --line: #dfe1e6; --ground: #ffffff; --sunken: #f6f7f9; --warn: #b45309; --accent: #2f5fd0; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8ec; --muted: #a2a8b4; --line: #353a44; --ground: #16181d; --sunken: #1e2128; --warn: #f0a94a; --accent: #8ab0ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.55 Inter, 'Inter Variable', system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; }
main { max-width: 860px; margin: 0 auto; padding: 48px 24px 96px; }
h1 { margin: 0 0 4px; font-size: 26px; line-height: 1.25; }
.lead { margin: 0 0 28px; color: var(--muted); font-size: 17px; }
h2 { margin: 36px 0 10px; font-size: 18px; }
h3 { margin: 26px 0 4px; font-size: 15px; }
p { margin: 0 0 12px; }
ul { margin: 0 0 16px; padding-left: 20px; }
li { margin-bottom: 8px; }
.basis { display: block; color: var(--muted); font-size: 13px; }
ul.warning { padding-left: 0; list-style: none; }
ul.warning li { padding-left: 12px; border-left: 3px solid var(--warn); }
.caption, figcaption { color: var(--muted); font-size: 13px; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { width: 100%; border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 12px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
.numeric { white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
th { background: var(--sunken); font-weight: 600; }
.numeric { text-align: right; }
figure { margin: 26px 0; }
figure svg { max-width: 100%; height: auto; padding: 8px; border: 1px solid var(--line); border-radius: 8px; background: #ffffff; }
figcaption { margin-top: 8px; }
pre { margin: 6px 0 12px; padding: 12px 14px; white-space: pre-wrap; overflow-wrap: anywhere; border-radius: 8px; background: var(--sunken); font: 12.5px/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
a { color: var(--accent); }
@media print { main { max-width: none; padding: 0; } figure, table { break-inside: avoid; } a[download] { display: none; } }
`;
