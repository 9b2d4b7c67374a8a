import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { AdjointError } from '@shared/errors';
import { formatDuration, formatNumber } from '@shared/format';
import { featureRank, gradientRank, type EffectiveRank } from '../diagnostics/effectiveRank';
import { hessianProduct, hessianSpectrum, type Ritz } from '../diagnostics/hessian';
import { lossLandscape } from '../diagnostics/landscape';
import { landscapeFigure, violationFigure } from '../diagnostics/figures';
import type { Figure } from '@shared/figures/spec';
import { diagnosticKinds, type DiagnosticKind } from '@shared/diagnostics';
import { gradientError } from '../diagnostics/gradientError';
import { openCheckpoint, type OpenedCheckpoint } from '../diagnostics/openCheckpoint';
import { jsonText, writeFileAtomic } from '../store/atomic';
import { action, printJson, printLine, say, withCommonOptions, type CommonOptions, type Places } from './context';
import { findRun, withRuns } from './findRuns';
import { renderFigure } from './renderFigure';

interface DiagnoseOptions extends CommonOptions {
  what?: string;
  step?: string;
  instances: string;
  seed: string;
  count: string;
  iterations: string;
  points: string;
  radius: string;
  directions: string;
  line?: boolean;
  out?: string;
}

export function diagnoseCommand(places: Places): Command {
  return withCommonOptions(
    new Command('diagnose').description(
      'Looks at the loss around a checkpoint: ends of the Hessian’s spectrum, effective ranks, loss landscape, whether the gradient is that of the loss, violation of each row.',
    ),
  )
    .argument('<run>', 'id, beginning of an id, or name')
    .option('--what <names>', `with commas between: ${diagnosticKinds.join(', ')}; all when left out`)
    .option('--step <step>', 'of this checkpoint; the newest when left out')
    .option('--instances <n>', 'training instances that the loss is taken over', '128')
    .option('--seed <n>', 'chooses instances and directions', '0')
    .option('--count <n>', 'eigenvalues at each end', '5')
    .option('--iterations <n>', 'steps of Lanczos’ iteration, at most; two gradients each', '60')
    .option('--points <n>', 'grid points along each direction of the landscape', '25')
    .option('--radius <r>', 'of the landscape, in norms of the filters', '1')
    .option('--directions <n>', 'random directions along which the gradient is compared with differences', '16')
    .option('--line', 'the landscape along one direction instead of two')
    .option('-o, --out <dir>', 'folder for numbers and figures')
    .action(action((run: string, options: DiagnoseOptions) => diagnose(run, options, places)));
}

async function diagnose(text: string, options: DiagnoseOptions, places: Places): Promise<void> {
  const wanted = chosenKinds(options.what);
  const number = (name: keyof DiagnoseOptions, least: number) => atLeast(String(options[name]), `--${name}`, least);
  const seed = number('seed', 0);
  const run = withRuns(options.workspace, (workspace, index) => workspace.run(findRun(index, text).id));
  const opened = await openCheckpoint(run, {
    ...(options.step === undefined ? {} : { step: number('step', 0) }),
    ...{ instances: number('instances', 1), seed, threads: cpus().length },
  });
  try {
    const { probe, step, epoch } = opened;
    const result: Record<string, unknown> = { run: run.id, step, epoch, weights: probe.size, instances: probe.instances.length };
    if (!options.json)
      printLine(`Step ${step}, epoch ${formatNumber(epoch)}: ${probe.size} weights, ${probe.instances.length} training instances.`);
    if (wanted.includes('hessian'))
      result.hessian = await hessian(opened, { count: number('count', 1), steps: number('iterations', 2), seed }, options);
    if (wanted.includes('rank')) result.rank = await ranks(opened, options);
    if (wanted.includes('landscape')) {
      const dimensions = options.line ? 1 : 2;
      const settings = { points: number('points', 3), radius: Number(options.radius), dimensions, seed } as const;
      result.landscape = await landscape(opened, settings, run.id, options, places);
    }
    if (wanted.includes('gradient'))
      result.gradient = await gradient(opened, { directions: number('directions', 1), seed }, options);
    if (wanted.includes('violations')) result.violations = await violations(opened, run.id, options, places);
    const shown = plain(result);
    if (options.out) save(options, 'diagnosis.json', jsonText(shown));
    if (options.json) printJson(shown);
    else if (options.out) say(`Written to ${resolve(options.out)}`);
  } finally {
    opened.dispose();
  }
} // prettier-ignore

async function hessian(
  { probe }: OpenedCheckpoint,
  settings: { count: number; steps: number; seed: number },
  options: DiagnoseOptions,
) {
  const spectrum = await hessianSpectrum((v) => hessianProduct(probe, v), probe.size, settings, progress('Hessian'));
  if (options.json) return spectrum;
  const list = (values: readonly Ritz[]) =>
    values.map(({ value, residual }) => `${formatNumber(value, 5)} ± ${formatNumber(residual, 2)}`).join('  ');
  printLine(`\nHessian, ${spectrum.products} products in ${formatDuration(spectrum.seconds)}, asymmetry ${formatNumber(spectrum.asymmetry, 2)}`);
  printLine(`  largest   ${list(spectrum.largest)}`);
  printLine(`  smallest  ${list(spectrum.smallest)}`);
  return spectrum;
} // prettier-ignore

async function ranks({ probe }: OpenedCheckpoint, options: DiagnoseOptions) {
  const features = await featureRank(probe);
  const gradients = await gradientRank(probe, progress('Gradients'));
  if (!options.json) {
    const line = (name: string, { rank, most }: EffectiveRank) =>
      printLine(`  ${name.padEnd(26)}${formatNumber(rank, 4)} of ${most}`);
    printLine('\nEffective rank');
    line('features', features);
    line('gradients of instances', gradients);
  }
  return { features, gradients };
}

async function landscape(
  { probe, step }: OpenedCheckpoint,
  settings: { points: number; radius: number; dimensions: 1 | 2; seed: number },
  run: string,
  options: DiagnoseOptions,
  places: Places,
) {
  const found = await lossLandscape(probe, settings, progress('Landscape'));
  if (!options.json)
    printLine(`\nLandscape, ${found.values.loss.length} points in ${formatDuration(found.seconds)}: loss ${formatNumber(Math.min(...found.values.loss))} to ${formatNumber(Math.max(...found.values.loss))}`);
  await saveFigure('landscape', landscapeFigure(found, `${run}, step ${step}`), options, places);
  return found;
} // prettier-ignore

async function gradient(
  { probe }: OpenedCheckpoint,
  settings: { directions: number; seed: number },
  options: DiagnoseOptions,
) {
  const found = await gradientError(probe, settings, progress('Gradient'));
  if (!options.json) {
    printLine(`\nGradient against differences of the loss, ${found.passes} passes in ${formatDuration(found.seconds)}`);
    printLine(`  cosine ${found.cosine.toFixed(8)}   relative error ${formatNumber(found.relativeError, 3)}   norm ${formatNumber(found.norm, 4)}`);
  }
  return found;
} // prettier-ignore

async function violations(opened: OpenedCheckpoint, run: string, options: DiagnoseOptions, places: Places) {
  const map = await opened.violations();
  const { largest, equalities, instances, violatedShare } = map;
  if (!options.json) {
    const worst = [...largest.keys()].sort((a, b) => largest[b] - largest[a]).slice(0, 5);
    printLine(`\nViolation of each row over ${instances} validation instances, the worst rows`);
    for (const row of worst)
      printLine(`  ${(row < equalities ? `equality ${row}` : `inequality ${row - equalities}`).padEnd(18)}up to ${formatNumber(largest[row], 3)}, above 1e-4 in ${Math.round(100 * violatedShare[row])} % of the instances`);
  }
  await saveFigure('violations', violationFigure(map, `${run}, step ${opened.step}`), options, places);
  return map;
} // prettier-ignore

async function saveFigure(name: string, figure: Figure, options: DiagnoseOptions, places: Places): Promise<void> {
  if (!options.out) return;
  for (const format of ['.svg', '.pdf', '.csv', '.json'])
    save(options, name + format, await renderFigure(figure, format, places));
}

/** Typed arrays as lists, which JSON knows. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, entry: unknown) => (entry instanceof Float64Array ? [...entry] : entry)));

function save({ out }: DiagnoseOptions, name: string, content: string | Uint8Array): void {
  mkdirSync(resolve(out!), { recursive: true });
  writeFileAtomic(join(resolve(out!), name), content);
}

/** On the terminal only: a line that is written over. */
function progress(what: string): (done: number, of: number) => void {
  if (!process.stderr.isTTY) return () => undefined;
  return (done, of) => process.stderr.write(`\r${what} ${done} of ${of}${done === of ? '\n' : ''}`);
}

function chosenKinds(text: string | undefined): readonly DiagnosticKind[] {
  if (text === undefined) return diagnosticKinds;
  return text.split(',').map((name) => {
    const kind = diagnosticKinds.find((known) => known === name.trim());
    if (!kind)
      throw new AdjointError('bad-request', `There is no diagnostic “${name.trim()}”.`, {
        where: '--what',
        fix: `They are ${diagnosticKinds.join(', ')}.`,
      });
    return kind;
  });
}

function atLeast(text: string, where: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new AdjointError('bad-request', `“${text}” is no whole number from ${least} on.`, { where });
  return value;
}
