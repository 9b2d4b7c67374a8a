import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { problemText } from '@shared/errors';
import { formatDuration, formatNumber } from '@shared/format';
import type { RunSummary } from '@shared/run';
import { requireExperiment } from '../engine/createRun';
import { runHere } from '../engine/runHere';
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
import { headlinesOf } from './headline';
import { applySettings } from './settings';

interface RunOptions extends CommonOptions {
  set: string[];
  name?: string;
  resume?: string;
  check?: boolean;
}

export function runCommand(places: Places): Command {
  const command = new Command('run')
    .description('Runs one experiment file to the end. Ctrl-C checkpoints and stops; a second Ctrl-C forces.')
    .argument('[file]', 'experiment file (YAML)')
    .option(
      '-s, --set <key=value>',
      'overrides a setting, may be repeated',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('-n, --name <name>', 'name of the run')
    .option('--resume <run>', 'goes on with a stopped run instead of starting a new one')
    .option('--check', 'only checks the file');
  return withCommonOptions(command).action(
    action(async (file: string | undefined, options: RunOptions) => {
      if ((file === undefined) === (options.resume === undefined))
        command.error('error: give either an experiment file or --resume RUN');
      const log = (line: string) => say(line);
      const base = {
        workspace: options.workspace,
        resources: places.resources,
        runEntry: places.runEntry,
        spawner: nodeSpawner(),
        log,
      };
      if (file === undefined) return await follow(await runHere(base, { resume: options.resume! }), options);

      const yaml = applySettings(readFileSync(file, 'utf8'), options.set);
      if (options.check) {
        const experiment = requireExperiment(yaml);
        if (options.json) printJson({ valid: true, experiment });
        else printLine(`${file} is valid.`);
        return;
      }
      await follow(await runHere(base, { yaml, name: options.name, baseDirectory: dirname(resolve(file)) }), options);
    }),
  );
}

async function follow(run: Awaited<ReturnType<typeof runHere>>, options: RunOptions): Promise<void> {
  if (options.json) printJson({ event: 'created', id: run.id, directory: run.directory });
  else say(`Run ${run.id}`);

  let interrupts = 0;
  const interrupt = () => {
    interrupts++;
    say(interrupts === 1 ? '\nWriting a checkpoint and stopping; Ctrl-C again forces.' : '\nForced.');
    run.cancel(interrupts > 1);
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);

  const terminal = process.stderr.isTTY;
  let shown = '';
  const end = await run.follow((summary) => {
    if (options.json) printJson({ event: 'progress', ...progressOf(summary) });
    else if (terminal) process.stderr.write(`\r\x1b[K${progressLine(summary)}`);
    else if (summary.state !== shown) say(`${summary.name}: ${summary.state}`);
    shown = summary.state;
  });
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);

  if (options.json) printJson({ event: 'end', run: end });
  else {
    if (terminal) process.stderr.write('\n');
    for (const key of headlinesOf([end]))
      if (end.metrics[key]) printLine(`${key.padEnd(16)} ${formatNumber(end.metrics[key].last)}`);
    printLine(`${end.state} after ${formatDuration(end.activeSeconds)} · ${run.directory}`);
    if (end.error) say(problemText(end.error));
    if (end.resumable) say(`Resume it with: adjoint run --resume ${end.id}`);
  }
  process.exitCode = end.state === 'done' ? exitCodes.done : exitCodes.failed;
}

const progressOf = (summary: RunSummary) => ({
  id: summary.id,
  state: summary.state,
  progress: summary.progress,
  activeSeconds: summary.activeSeconds,
  metrics: Object.fromEntries(Object.entries(summary.metrics).map(([key, metric]) => [key, metric.last])),
});

function progressLine(summary: RunSummary): string {
  const { progress } = summary;
  if (!progress) return summary.state;
  const share = progress.total > 0 ? progress.done / progress.total : 0;
  const filled = Math.round(share * 20);
  const bar = '█'.repeat(filled) + '░'.repeat(20 - filled);
  const values = headlinesOf([summary])
    .filter((key) => summary.metrics[key])
    .map((key) => `${key.split('/').at(-1)} ${formatNumber(summary.metrics[key].last)}`);
  const left = progress.secondsLeft === null ? '' : ` · ${formatDuration(progress.secondsLeft)} left`;
  return `${bar} ${progress.done}/${progress.total} ${progress.unit}${left} · ${values.join(' · ')}`;
}
