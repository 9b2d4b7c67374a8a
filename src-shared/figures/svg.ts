import { svgFamilies } from './fonts';
import { layOut } from './layout';
import { runScale } from './mathText';
import { fixed, rectangle, type Scene, type SceneItem } from './scene';
import type { Figure } from './spec';

/** A figure as a standalone SVG file at its physical size, with real text. The same figure is always the same file. */
export function toSvg(figure: Figure): string {
  return sceneToSvg(layOut(figure), figure.style);
}

function sceneToSvg(scene: Scene, size: { width: number; height: number }): string {
  const clips: string[] = [];
  const body = scene.items.map((item) => write(item, clips, 1)).join('');
  const defs = clips.length > 0 ? `  <defs>${clips.join('')}</defs>\n` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${fixed(size.width)}mm" height="${fixed(size.height)}mm" viewBox="0 0 ${fixed(scene.width)} ${fixed(scene.height)}" font-family="${escaped(svgFamilies[scene.family])}" role="img">
  <title>${escaped(scene.title)}</title>
${defs}  <rect width="100%" height="100%" fill="#ffffff"/>
${body}</svg>
`;
}

function write(item: SceneItem, clips: string[], depth: number): string {
  const indent = '  '.repeat(depth);
  switch (item.kind) {
    case 'group': {
      let clip = '';
      if (item.clip) {
        const id = `clip-${clips.length + 1}`;
        clips.push(`<clipPath id="${id}"><path d="${rectangle(item.clip)}"/></clipPath>`);
        clip = ` clip-path="url(#${id})"`;
      }
      const inside = item.items.map((child) => write(child, clips, depth + 1)).join('');
      return `${indent}<g data-name="${escaped(item.name)}"${clip}>\n${inside}${indent}</g>\n`;
    }
    case 'path': {
      const { fill, stroke, opacity } = item;
      const attributes = [
        `fill="${fill ?? 'none'}"`,
        ...(stroke ? [`stroke="${stroke.colour}" stroke-width="${fixed(stroke.width)}" stroke-linejoin="round"`] : []),
        ...(stroke?.dash ? [`stroke-dasharray="${stroke.dash.map(fixed).join(' ')}"`] : []),
        ...(opacity === undefined ? [] : [`opacity="${fixed(opacity)}"`]),
      ];
      return item.d ? `${indent}<path d="${item.d}" ${attributes.join(' ')}/>\n` : '';
    }
    case 'text':
      return `${indent}${writeText(item)}\n`;
  }
}

function writeText(item: Extract<SceneItem, { kind: 'text' }>): string {
  const place = item.turned
    ? `transform="translate(${fixed(item.x)} ${fixed(item.y)}) rotate(-90)"`
    : `x="${fixed(item.x)}" y="${fixed(item.y)}"`;
  let rise = 0;
  const runs = item.runs.map((run) => {
    const attributes: string[] = [];
    // `dy` moves everything that follows: each run says how far it is from the one before.
    const up = run.rise * item.size;
    if (Math.abs(up - rise) > 1e-9) attributes.push(`dy="${fixed(rise - up)}"`);
    rise = up;
    if (run.level > 0) attributes.push(`font-size="${fixed(item.size * runScale(run))}"`);
    if (run.italic) attributes.push('font-style="italic"');
    const text = escaped(run.text);
    return attributes.length > 0 ? `<tspan ${attributes.join(' ')}>${text}</tspan>` : text;
  });
  const weight = item.bold ? ' font-weight="600"' : '';
  return `<text ${place} font-size="${fixed(item.size)}" fill="${item.colour}" text-anchor="${item.anchor}"${weight}>${runs.join('')}</text>`;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** Characters that XML cannot hold are left out. */
const escaped = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '').replace(/[&<>"]/g, (character) => entities[character]);
