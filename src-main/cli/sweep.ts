import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { parseDocument } from 'yaml';
import { formatDuration, formatNumber } from '@shared/format';
import { isFinalState, type RunSummary } from '@shared/run';
import { sweepProgress, sweepStateText, type SweepPreview } from '@shared/sweeps';
import { readSettings } from '../engine/settings';
import { previewSweepHere, sweepHere, type SweepHere } from '../engine/sweepHere';
import { nodeSpawner } from '../host/nodeSpawner';
import {
  action,
  exitCodes,
  printJson,
  printLine,
  say,
  withCommonOptions,
  type CommonOptions,
  type Places,
} from './context';
import { headlinesOf, shortTitle } from './headline';
import { applySettings } from './settings';
import { renderTable } from './table';

interface SweepOptions extends CommonOptions {
  set: string[];
  name?: string;
  jobs?: number;
  dryRun?: boolean;
}

export type Plan = NonNullable<SweepPreview['plan']>;

export function sweepCommand(places: Places): Command {
  const command = new Command('sweep')
    .description(
      'Runs every point of an experiment file with a sweep block. Ctrl-C checkpoints and stops; the same command goes on, and runs only what is missing.',
    )
    .argument('<file>', 'experiment file (YAML) with a sweep block')
    .option(
      '-s, --set <key=value>',
      'overrides a setting of the file, may be repeated',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('-n, --name <name>', 'name of the sweep; another name is another sweep')
    .option('-j, --jobs <n>', 'runs at the same time; the slots of the workspace when left out', slotCount)
    .option('--dry-run', 'only checks every point and says what would be run');
  return withCommonOptions(command).action(
    action(async (file: string, options: SweepOptions) => {
      const yaml = named(applySettings(readFileSync(file, 'utf8'), options.set), options.name);
      const text = { yaml, baseDirectory: dirname(resolve(file)) };
      const base = {
        workspace: options.workspace,
        resources: places.resources,
        jobs: options.jobs ?? readSettings(options.workspace).slots,
      };
      if (options.dryRun) return printPlan(await previewSweepHere(base, text), options);
      const log = (line: string) => say(line);
      const sweep = await sweepHere({ ...base, runEntry: places.runEntry, spawner: nodeSpawner(), log }, text);
      process.exitCode = (await followSweep(sweep, options)) ? exitCodes.done : exitCodes.failed;
    }),
  );
}

/** What would be run; the plan of a sweep that goes on looks the same, with less to create. */
function printPlan(plan: Plan, { json }: CommonOptions): void {
  if (json) return printJson({ event: 'planned', ...plan });
  printLine(planText(plan));
  for (const { path, values } of plan.axes) printLine(`  ${path}: ${values.map(String).join(' · ')}`);
}

export function planText({ name, points, repeats, runs, kept, resumed, created, secondsLeft }: Plan): string {
  const parts = [
    `${created} to run`,
    ...(resumed > 0 ? [`${resumed} to go on`] : []),
    ...(kept > 0 ? [`${kept} there already`] : []),
  ];
  const time = secondsLeft === null ? '' : ` · about ${formatDuration(secondsLeft)}`;
  return `${name}: ${runs} runs (${points} ${points === 1 ? 'point' : 'points'} × ${repeats}), ${parts.join(', ')}${time}`;
}

/** Drives a sweep to its end, with progress on a terminal. @returns whether every run of it is done */
export async function followSweep(sweep: SweepHere, { json }: Pick<CommonOptions, 'json'>): Promise<boolean> {
  if (json) printJson({ event: 'planned', ...sweep.plan });
  else say(planText(sweep.plan));

  let interrupts = 0;
  const interrupt = () => {
    interrupts++;
    say(interrupts === 1 ? '\nWriting checkpoints and stopping; Ctrl-C again forces.' : '\nForced.');
    sweep.stop(interrupts > 1);
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);

  const terminal = process.stderr.isTTY;
  const members = new Map<string, RunSummary>();
  const shown = new Map<string, string>();
  const ended = await sweep.follow((run) => {
    members.set(run.id, run);
    const isNews = shown.get(run.id) !== run.state;
    shown.set(run.id, run.state);
    if (json)
      printJson({
        event: 'run',
        id: run.id,
        name: run.name,
        point: run.sweep?.point ?? {},
        state: run.state,
        progress: run.progress,
      });
    else if (terminal) {
      if (isNews && isFinalState(run.state)) say(`\r\x1b[K${run.name}: ${run.state}`);
      process.stderr.write(`\r\x1b[K${progressLine([...members.values()], sweep.plan)}`);
    } else if (isNews) say(`${run.name}: ${run.state}`);
  });
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
  if (terminal && !json) process.stderr.write('\n');

  const done = ended.filter(({ state }) => state === 'done').length;
  const progress = sweepProgress(ended, sweep.plan.runs);
  if (json)
    printJson({
      event: 'end',
      id: sweep.id,
      name: sweep.name,
      total: sweep.plan.runs,
      counts: progress.counts,
      runs: ended.map(({ id, state }) => ({ id, state })),
    });
  else {
    printLine(resultTable(ended, sweep.plan));
    printLine(`${sweepStateText(progress)} · list them with: adjoint runs list --sweep ${sweep.id}`);
    if (done < sweep.plan.runs) say('The same command goes on with what is missing.');
  }
  return done >= sweep.plan.runs;
}

function progressLine(members: readonly RunSummary[], { runs, kept }: Plan): string {
  const progress = sweepProgress(members, runs - kept);
  const filled = Math.round(progress.share * 20);
  const left = progress.secondsLeft === null ? '' : ` · ${formatDuration(progress.secondsLeft)} left`;
  return `${'█'.repeat(filled)}${'░'.repeat(20 - filled)} ${sweepStateText(progress)}${left}`;
}

function resultTable(runs: readonly RunSummary[], { axes }: Plan): string {
  const last = (key: string) => (run: RunSummary) => formatNumber(run.metrics[key]?.last);
  const ordered = [...runs].sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  return renderTable(ordered, [
    ...axes.map(({ path }) => ({ title: path, cell: (run: RunSummary) => String(run.sweep?.point[path] ?? '–') })),
    { title: 'seed', align: 'right' as const, cell: (run) => String(run.seed) },
    { title: 'state', cell: (run) => run.state },
    ...headlinesOf(ordered).map((key) => ({ title: shortTitle(key), align: 'right' as const, cell: last(key) })),
  ]);
}

function named(yaml: string, name: string | undefined): string {
  if (name === undefined) return yaml;
  const document = parseDocument(yaml);
  if (document.errors.length > 0) return yaml; // reported, with its line, when the sweep is checked
  document.set('name', name);
  return document.toString();
}

export function slotCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 64)
    throw new InvalidArgumentError('It must be a whole number from 1 to 64.');
  return value;
}
