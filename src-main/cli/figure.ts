import { existsSync, readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { AdjointError } from '@shared/errors';
import { legendPlaces, parseFigure, type Figure, type FigureStyle } from '@shared/figures/spec';
import { writeFileAtomic } from '../store/atomic';
import { FigureStore } from '../store/figures';
import { openWorkspace } from '../store/workspace';
import { action, printJson, say, withCommonOptions, type CommonOptions, type Places } from './context';
import { renderFigure } from './renderFigure';

interface FigureOptions extends CommonOptions {
  out: string[];
  width?: number;
  height?: number;
  fontSize?: number;
  legend?: FigureStyle['legend'];
  force?: boolean;
}

const formats = ['.svg', '.pdf', '.csv', '.json'];

export function figureCommand(places: Places): Command {
  return withCommonOptions(
    new Command('figure').description('Draws a figure from its specification: vector SVG or PDF, its data as CSV.'),
  )
    .argument('<specification>', '.json file, or name of a figure saved in the workspace')
    .requiredOption('-o, --out <file...>', `one or more files: ${formats.join(', ')}`)
    .option('--width <mm>', 'width in millimetres', Number)
    .option('--height <mm>', 'height in millimetres', Number)
    .option('--font-size <pt>', 'font size in points', Number)
    .addOption(new Option('--legend <place>', 'where series are named').choices(legendPlaces))
    .option('-f, --force', 'replaces existing files')
    .action(
      action(async (text: string, options: FigureOptions) => {
        const targets = options.out.map((target) => resolve(target));
        targets.forEach((target) => checkTarget(target, options.force));
        const figure = styled(read(text, options.workspace), options, text);
        for (const target of targets) writeFileAtomic(target, await renderFigure(figure, extname(target), places));
        if (options.json) printJson({ files: targets });
        else say(`${text} → ${targets.join(', ')}`);
      }),
    );
}

function checkTarget(target: string, force: boolean | undefined): void {
  if (!formats.includes(extname(target)))
    throw new AdjointError('bad-request', `A figure cannot be written as "${extname(target)}".`, {
      where: target,
      fix: `Name a file that ends with ${formats.join(', ')}.`,
    });
  if (existsSync(target) && !force)
    throw new AdjointError('conflict', 'The file exists already.', {
      where: target,
      fix: 'Choose another name, or pass --force to replace it.',
    });
}

function read(text: string, workspace: string): Figure {
  if (!existsSync(text) && extname(text) !== '.json') return new FigureStore(openWorkspace(workspace)).get(text);
  const source = readFileSync(text, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (cause) {
    throw new AdjointError('bad-request', 'This is not JSON.', {
      where: text,
      fix: 'Name the .json file of an exported figure.',
      cause,
    });
  }
  return parseFigure(value, text);
}

function styled(figure: Figure, options: FigureOptions, where: string): Figure {
  const { width, height, fontSize, legend } = options;
  const change = Object.fromEntries(
    Object.entries({ width, height, fontSize, legend }).filter(([, value]) => value !== undefined),
  );
  return parseFigure({ ...figure, style: { ...figure.style, ...change } }, where);
}
