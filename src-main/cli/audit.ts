import { extname, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { auditMeasures, auditPanels, wayName, type AuditMeasure } from '@shared/figures/auditFigure';
import { parseFigure } from '@shared/figures/spec';
import { formatBytes, formatNumber } from '@shared/format';
import { layerAuditAskSchema, type AuditCell, type AuditSource, type LayerAudit } from '@shared/layerAudit';
import { AdjointError } from '@shared/errors';
import { build } from '../engine/build';
import { listDatasets } from '../engine/datasets';
import { foundAuditSource } from '../engine/layerAuditHandlers';
import { layerAudit } from '../engine/layerAuditViews';
import { writeFileAtomic } from '../store/atomic';
import { openWorkspace } from '../store/workspace';
import { action, printJson, printLine, say, withCommonOptions, type CommonOptions, type Places } from './context';
import { findRun, withRuns } from './findRuns';
import { renderFigure } from './renderFigure';
import { renderTable } from './table';

interface AuditOptions extends CommonOptions {
  split: string;
  instances: number;
  iterations: number[];
  anchor: number[];
  damping?: number;
  adaptive?: boolean;
  last: number;
  epsilon: number;
  step?: number;
  seed: number;
  hidden: number[];
  measure: string;
  figure?: string;
}

const numbers = (text: string): number[] => text.split(',').map(number);

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError(`“${text}” is not a number.`);
  return value;
}

export function auditCommand(places: Places): Command {
  const layer = withCommonOptions(
    new Command('layer').description(
      'Checks the gradient of a least-squares layer in every backward mode, number of iterations and anchor weight against the exact one and central differences.',
    ),
  )
    .argument('<source>', 'a run, by its id or name (its newest checkpoint), or a dataset with an untrained network')
    .option('--step <n>', 'the checkpoint of this step', number)
    .option('--split <name>', 'valid, test or train', 'valid')
    .option('--instances <n>', 'instances of the probe batch', number, 8)
    .option('--iterations <list>', 'numbers of inner iterations, with commas between', numbers, [1, 2, 3, 5, 10, 20])
    .option('--anchor <list>', 'anchor weights, with commas between', numbers, [0.01, 0.1, 1])
    .option('--damping <number>', 'damping of the first iteration; that of the run, or 0.001, when left out', number)
    .option('--adaptive', 'adapts the damping')
    .option('--last <n>', 'iterations that truncated differentiates', number, 5)
    .option('--epsilon <number>', 'step of direct loss minimisation', number, 1e-2)
    .option('--seed <n>', 'of the untrained network', number, 0)
    .option('--hidden <list>', 'widths of the untrained network', numbers, [200, 200])
    .option('--measure <name>', `what the figure shows: ${Object.keys(auditMeasures).join(', ')}`, 'relativeError')
    .option('--figure <file>', 'writes heat maps: .svg, .pdf, .csv or .json')
    .action(action((source: string, options: AuditOptions) => audit(source, options, places)));
  return new Command('audit').description('Checks gradients against exact ones.').addCommand(layer);
}

async function audit(text: string, options: AuditOptions, places: Places): Promise<void> {
  const source = sourceOf(text, options, places);
  const { instances, iterations, anchor: anchorWeights, split, damping, adaptive, last, epsilon } = options;
  const parsed = layerAuditAskSchema.safeParse({
    ...{ source, split, instances, iterations, anchorWeights, damping, adaptive, last, epsilon },
  });
  if (!parsed.success)
    throw new AdjointError('bad-request', 'These options make no audit.', {
      findings: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })),
    });
  if (!(options.measure in auditMeasures))
    throw new AdjointError('bad-request', `There is no measure “${options.measure}”.`, {
      fix: `Measures are ${Object.keys(auditMeasures).join(', ')}.`,
    });
  const workspace = openWorkspace(options.workspace);
  const found = foundAuditSource(source, workspace, { workspace: workspace.path, resources: places.resources });
  let answer: LayerAudit | null = null;
  let cells = 0;
  for await (const part of layerAudit(parsed.data, found)) {
    answer = part;
    if (options.json) for (; cells < part.cells.length; cells++) printJson(part.cells[cells]);
    else if (process.stderr.isTTY) process.stderr.write(`\r${part.done} of ${part.total}`);
  }
  if (!answer) return;
  if (process.stderr.isTTY && !options.json) process.stderr.write('\r');
  if (options.json) for (const reference of answer.references) printJson({ reference });
  else print(answer);
  if (options.figure) await draw(answer, options.measure as AuditMeasure, options.figure, places);
}

function sourceOf(text: string, { workspace, step, seed, hidden }: AuditOptions, { resources }: Places): AuditSource {
  const datasets = listDatasets({ workspace, resources });
  if (datasets.some(({ name }) => name === text) || /\.(npz|pkl)$/.test(text))
    return { kind: 'dataset', dataset: text, seed, hidden };
  const { id } = withRuns(workspace, (_, index) => findRun(index, text));
  return { kind: 'run', id, ...(step === undefined ? {} : { step }) };
}

function print({ name, about, dims, instances, cells, references, warnings, damping, adaptive }: LayerAudit): void {
  printLine(`${name}: ${about}`);
  printLine(
    `n = ${dims.n}, e = ${dims.e}, ${dims.rows} inequality rows; ${instances.length} instances; damping ${formatNumber(damping)}${adaptive ? ', adaptive' : ''}`,
  );
  for (const warning of warnings) printLine(`! ${warning}`);
  for (const { mode, anchorWeight, differences, iterations } of references)
    printLine(
      `exact, ${mode}, w = ${formatNumber(anchorWeight)}: ${iterations.toFixed(0)} iterations, ${formatNumber(differences, 2)} off central differences`,
    );
  printLine();
  const value = (key: keyof AuditCell) => (cell: AuditCell) => formatNumber(cell[key] as number | null, 3);
  printLine(
    renderTable(cells, [
      { title: 'way', cell: (cell) => wayName(cell) },
      { title: 'w', align: 'right', cell: value('anchorWeight') },
      { title: 'iterations', align: 'right', cell: ({ iterations }) => String(iterations) },
      { title: 'cosine', align: 'right', cell: value('cosine') },
      { title: 'error', align: 'right', cell: value('relativeError') },
      { title: 'norm', align: 'right', cell: value('normRatio') },
      { title: 'off differences', align: 'right', cell: value('differences') },
      { title: 's', align: 'right', cell: value('seconds') },
      { title: 'memory', align: 'right', cell: ({ bytes }) => (bytes === null ? '–' : formatBytes(bytes)) },
      { title: 'violation', align: 'right', cell: value('violation') },
      { title: '', cell: ({ refused, dropped }) => refused ?? (dropped > 0 ? `${dropped} instances failed` : '') },
    ]),
  );
}

async function draw(answer: LayerAudit, measure: AuditMeasure, file: string, places: Places): Promise<void> {
  const figure = parseFigure({
    format: 'adjoint-figure',
    version: 1,
    title: auditMeasures[measure].label,
    style: { width: 178, columns: Math.min(3, answer.references.length) },
    panels: auditPanels(answer, measure),
    provenance: {
      ...{ adjoint: build.version, commit: build.commit, created: new Date().toISOString() },
      notes: [`Gradient audit of ${answer.name}, ${answer.about}.`],
    },
  });
  writeFileAtomic(resolve(file), await renderFigure(figure, extname(file), places));
  say(`figure → ${resolve(file)}`);
}
