import { extname, resolve } from 'node:path';
import { Command } from 'commander';
import { AdjointError, problemText } from '@shared/errors';
import { formatDuration, formatNumber } from '@shared/format';
import { clocks, indexColumns, runStates, weightsFormats, type Clock, type RunSummary } from '@shared/run';
import { runDetail } from '../engine/runDetail';
import { seriesCsv } from '../engine/seriesQueries';
import { exportWeights } from '../engine/weights';
import { writeFileAtomic } from '../store/atomic';
import { readClock } from '../store/metricReader';
import { recordedMetrics } from '../store/recorded';
import { writeNpz } from '../store/npz';
import { action, printJson, printLine, say, withCommonOptions, type CommonOptions } from './context';
import { exportBundle, importBundle } from './bundles';
import { compare, type CompareOptions } from './compare';
import { findRun, withRuns } from './findRuns';
import { headlinesOf, shortTitle } from './headline';
import { renderTable } from './table';
import { trashCommands } from './trash';

interface ListOptions extends CommonOptions {
  state?: string;
  tag?: string;
  sweep?: string;
  limit?: string;
  trash?: boolean;
}

function list(options: ListOptions): void {
  const state = options.state;
  if (state !== undefined && !(runStates as readonly string[]).includes(state))
    throw new AdjointError('bad-request', `There is no state "${state}".`, {
      fix: `States are ${runStates.join(', ')}.`,
    });
  const limit = options.limit === undefined ? Infinity : Number(options.limit);
  if (Number.isNaN(limit)) throw new AdjointError('bad-request', `"--limit ${options.limit}" is not a number.`);
  const runs = withRuns(options.workspace, (_, index) => index.list({ trash: options.trash ?? false }))
    .filter((run) => state === undefined || run.state === state)
    .filter((run) => options.tag === undefined || run.tags.includes(options.tag))
    .filter(
      (run) => options.sweep === undefined || run.sweep?.id === options.sweep || run.sweep?.name === options.sweep,
    )
    .slice(0, limit);
  if (options.json) return runs.forEach(printJson);
  if (runs.length === 0) return say(`No runs in ${options.trash ? 'the trash of ' : ''}${options.workspace}.`);
  const last = (key: string) => (run: RunSummary) => formatNumber(run.metrics[key]?.last);
  printLine(
    renderTable(runs, [
      { title: 'id', cell: (run) => run.id },
      { title: 'name', cell: (run) => run.name },
      { title: 'state', cell: (run) => run.state },
      {
        title: 'progress',
        align: 'right',
        cell: (run) => (run.progress ? `${Math.round((100 * run.progress.done) / run.progress.total)} %` : '–'),
      },
      { title: 'active', align: 'right', cell: (run) => formatDuration(run.activeSeconds) },
      ...headlinesOf(runs).map((key) => ({
        ...{ title: shortTitle(key), align: 'right' as const, cell: last(key) },
      })),
    ]),
  );
}

function show(text: string, options: CommonOptions): void {
  const detail = withRuns(options.workspace, (workspace, index) => {
    const summary = findRun(index, text);
    return runDetail(workspace.run(summary.id), summary);
  });
  if (options.json) return printJson(detail);
  const { summary, manifest } = detail;
  printLine(`${summary.name}  (${summary.id})`);
  printLine(
    `${summary.state} · ${formatDuration(summary.activeSeconds)} active · seed ${summary.seed} · ${summary.device ?? 'no device yet'}`,
  );
  printLine(
    `dataset ${manifest.dataset?.name ?? 'none'} · code ${manifest.code.version}${manifest.code.commit ? ` (${manifest.code.commit})` : ''}`,
  );
  printLine(detail.directory);
  if (summary.error) printLine(`\n${problemText(summary.error)}`);
  for (const damage of detail.summary.damage) printLine(`damage: ${damage}`);
  printLine(`\n${detail.yaml.trimEnd()}\n`);
  const metrics = Object.entries(summary.metrics).filter(([, metric]) => metric.count > 0);
  printLine(
    renderTable(metrics, [
      { title: 'metric', cell: ([key]) => key },
      { title: 'last', align: 'right', cell: ([, metric]) => formatNumber(metric.last) },
      { title: 'min', align: 'right', cell: ([, metric]) => formatNumber(metric.min) },
      { title: 'max', align: 'right', cell: ([, metric]) => formatNumber(metric.max) },
      { title: 'tail mean', align: 'right', cell: ([, metric]) => formatNumber(metric.tailMean) },
      { title: 'samples', align: 'right', cell: ([, metric]) => String(metric.count) },
    ]),
  );
}

interface ExportOptions extends CommonOptions {
  clock?: string;
  metrics?: string;
  out?: string;
}

function exportSeries(text: string, options: ExportOptions): void {
  const asked = clocks.find((known): known is Clock => known === options.clock);
  if (!asked && options.clock !== undefined)
    throw new AdjointError('bad-request', `There is no clock "${options.clock}".`, {
      fix: `Clocks are ${clocks.join(', ')}.`,
    });
  const out = options.out && resolve(options.out);
  const format = out ? extname(out) : '.csv';
  if (format !== '.csv' && format !== '.npz')
    throw new AdjointError('bad-request', `Series cannot be written as "${format}".`, {
      where: out,
      fix: 'Name a .csv or .npz file.',
    });

  const result = withRuns(options.workspace, (workspace, index) => {
    const summary = findRun(index, text);
    const run = workspace.run(summary.id);
    const clock = asked ?? (recordedMetrics(run, 'epoch').length > 0 ? 'epoch' : 'step');
    const keys = options.metrics ? options.metrics.split(',').map((key) => key.trim()) : recordedMetrics(run, clock);
    const { csv, rows, cut } = seriesCsv(run, clock, keys);
    for (const line of cut) say(`damage: ${line}`);
    if (format === '.npz') {
      const table = readClock(run, clock, keys);
      const arrays = [
        ...indexColumns.map((name) => ({ name, data: table.index[name], width: 1 })),
        ...keys.map((key) => {
          const { values, width } = table.columns.get(key)!;
          return { name: key, data: values, width };
        }),
      ];
      writeFileAtomic(
        out!,
        writeNpz(
          new Map(
            arrays.map(({ name, data, width }) => [
              name,
              { dtype: 'float64', shape: width === 1 ? [rows] : [rows, width], data },
            ]),
          ),
        ),
      );
    } else if (out) writeFileAtomic(out, csv);
    else if (!options.json) process.stdout.write(csv);
    return { id: summary.id, clock, metrics: keys, rows, cut, file: out ?? null, ...(out ? {} : { csv }) };
  });
  if (options.json) printJson(result);
  else if (out) say(`${result.rows} rows × ${result.metrics.length} metrics to ${out}`);
}

function weights(text: string, options: CommonOptions & { out: string; step?: string }): void {
  const out = resolve(options.out);
  const format = weightsFormats.find((known) => `.${known}` === extname(out));
  if (!format)
    throw new AdjointError('bad-request', `Weights cannot be written as "${extname(out)}".`, {
      where: out,
      fix: 'Name a .safetensors or .npz file.',
    });
  const step = options.step === undefined ? undefined : Number(options.step);
  if (step !== undefined && !Number.isInteger(step))
    throw new AdjointError('bad-request', `"--step ${options.step}" is not a whole number.`);
  const file = withRuns(options.workspace, (workspace, index) =>
    exportWeights(workspace.run(findRun(index, text).id), format, step),
  );
  writeFileAtomic(out, file.bytes);
  if (options.json) printJson({ file: out, step: file.step, tensors: file.tensors });
  else say(`${file.tensors.length} tensors of step ${file.step} to ${out}`);
}

export function runsCommand(): Command {
  const runs = new Command('runs').description('What the workspace holds.');
  runs.addCommand(
    withCommonOptions(new Command('list').description('All runs, newest first.'))
      .option('--state <state>', 'only these')
      .option('--tag <tag>', 'only these')
      .option('--sweep <sweep>', 'only runs of this sweep, by id or name')
      .option('--limit <n>', 'at most so many')
      .option('--trash', 'those in the trash')
      .action(action((options: ListOptions) => list(options))),
  );
  runs.addCommand(
    withCommonOptions(new Command('show').description('One run: state, settings, final metrics.'))
      .argument('<run>', 'id, beginning of an id, or name')
      .action(action((run: string, options: CommonOptions) => show(run, options))),
  );
  runs.addCommand(
    withCommonOptions(
      new Command('export').description(
        'The full series of a run as .csv or .npz, or whole runs as one .zip for another workspace.',
      ),
    )
      .argument('<run...>', 'id, beginning of an id, or name; for a .zip several, or a sweep')
      .option('-c, --clock <clock>', `${clocks.join(', ')}; when left out epoch, or step for a run without epochs`)
      .option('-m, --metrics <keys>', 'comma-separated; all that were recorded when left out')
      .option('-o, --out <file>', '.csv, .npz or .zip; CSV on stdout when left out')
      .action(
        action((runs: string[], options: ExportOptions) => {
          if (options.out && extname(options.out) === '.zip') return exportBundle(runs, resolve(options.out), options);
          if (runs.length === 1) return exportSeries(runs[0], options);
          throw new AdjointError('bad-request', 'Series are of one run at a time.', {
            fix: 'Export several runs with --out FILE.zip.',
          });
        }),
      ),
  );
  runs.addCommand(
    withCommonOptions(new Command('weights').description('The trained network as .safetensors or .npz.'))
      .argument('<run>', 'id, beginning of an id, or name')
      .requiredOption('-o, --out <file>', '.safetensors or .npz')
      .option('--step <step>', 'of this checkpoint; the newest when left out')
      .action(action((run: string, options: CommonOptions & { out: string; step?: string }) => weights(run, options))),
  );
  runs.addCommand(
    withCommonOptions(
      new Command('import').description('Brings the runs of a bundle into the workspace; again changes nothing.'),
    )
      .argument('<file>', '.zip that adjoint runs export made')
      .action(action((file: string, options: CommonOptions) => importBundle(resolve(file), options))),
  );
  runs.addCommand(
    withCommonOptions(new Command('compare').description('Final values side by side, with the settings that differ.'))
      .argument('<run...>', 'ids, beginnings of ids or names; a sweep means all its runs')
      .option('-b, --baseline <run>', 'differences are to this one; the first when left out')
      .option('-m, --metrics <keys>', 'comma-separated; those that tell most of the runs’ kinds when left out')
      .option('--csv', 'CSV in full precision on stdout')
      .action(action((runs: string[], options: CompareOptions) => compare(runs, options))),
  );
  for (const command of trashCommands()) runs.addCommand(command);
  return runs;
}
