import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { parse } from 'yaml';
import { AdjointError } from '@shared/errors';
import { cellText, tableCsv } from '@shared/reports/cells';
import { reportFormats } from '@shared/reports/report';
import { studyReport } from '@shared/reports/studyReport';
import type { StudyResult } from '@shared/studies';
import { readSettings } from '../engine/settings';
import { askedStudy, type StudyAsk, studyInfos, studyResult } from '../engine/studies';
import { previewSweepHere, sweepHere } from '../engine/sweepHere';
import { nodeSpawner } from '../host/nodeSpawner';
import { jsonText, writeFileAtomic } from '../store/atomic';
import { RunIndex } from '../store/runIndex';
import { openWorkspace } from '../store/workspace';
import { findStudy, studies } from '../studies/registry';
import { resultMarkdown } from '../studies/text';
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
import { renderFigure } from './renderFigure';
import { renderReport } from './renderReport';
import { followSweep, planText, slotCount } from './sweep';
import { renderTable } from './table';

interface StudyOptions extends CommonOptions {
  set: string[];
  jobs?: number;
  out?: string;
  dryRun?: boolean;
  onlyResult?: boolean;
}

export function studyCommand(places: Places): Command {
  const command = new Command('study')
    .description(
      'Answers one question: runs what is missing, then prints reading and tables and writes them with their figures. Ctrl-C checkpoints; the same command goes on.',
    )
    .argument('[name]', `one of ${studies.map(({ name }) => name).join(', ')}; the list when left out`)
    .option(
      '-s, --set <key=value>',
      'a setting of the study, may be repeated',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('-j, --jobs <n>', 'runs at the same time; the slots of the workspace when left out', slotCount)
    .option(
      '-o, --out <dir>',
      'folder for tables, figures and report; figures/study-NAME of the workspace when left out',
    )
    .option('--dry-run', 'only says what would be run')
    .option('--only-result', 'runs nothing: reads what there is');
  return withCommonOptions(command).action(
    action(async (name: string | undefined, options: StudyOptions) => {
      if (name === undefined) return list(options);
      const ask = { name, settings: settingsOf(options.set) };
      const complete = options.onlyResult || (await runMissing(ask, options, places));
      if (options.dryRun) return;
      const result = await resultHere(ask, options, places);
      const directory = await writeResult(result, options, places);
      if (options.json) printJson({ event: 'result', directory, ...result });
      else print(result, directory);
      process.exitCode = complete && result.missing === 0 ? exitCodes.done : exitCodes.failed;
    }),
  );
}

function list({ json }: CommonOptions): void {
  const infos = studyInfos();
  if (json) return infos.forEach(printJson);
  printLine(
    renderTable(infos, [
      { title: 'study', cell: ({ name }) => name },
      { title: 'question', cell: ({ question }) => question },
    ]),
  );
}

/** `--set lambdas=[1,10] --set seeds=5`: values are YAML. */
function settingsOf(assignments: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const at = assignment.indexOf('=');
      if (at < 1)
        throw new AdjointError('bad-request', `“${assignment}” is no setting.`, {
          where: '--set',
          fix: 'Write --set key=value.',
        });
      try {
        return [assignment.slice(0, at), parse(assignment.slice(at + 1)) as unknown];
      } catch (cause) {
        throw new AdjointError('bad-request', `The value of “${assignment}” is no YAML.`, { where: '--set', cause });
      }
    }),
  );
}

/** @returns whether every run of the study is done */
async function runMissing(ask: StudyAsk, options: StudyOptions, places: Places): Promise<boolean> {
  const base = {
    workspace: options.workspace,
    resources: places.resources,
    jobs: options.jobs ?? readSettings(options.workspace).slots,
  };
  let complete = true;
  for (const yaml of askedStudy(base, ask).sweeps) {
    if (options.dryRun) {
      const plan = await previewSweepHere(base, { yaml });
      if (options.json) printJson({ event: 'planned', ...plan });
      else printLine(planText(plan));
      continue;
    }
    const running = { ...base, runEntry: places.runEntry, spawner: nodeSpawner(), log: say };
    const sweep = await sweepHere(running, { yaml });
    if (sweep.plan.created + sweep.plan.resumed === 0 && !options.json) say(planText(sweep.plan));
    complete = (await followSweep(sweep, options)) && complete;
    if (!complete) return false;
  }
  return complete;
}

async function resultHere(ask: StudyAsk, options: StudyOptions, places: Places): Promise<StudyResult> {
  const workspace = openWorkspace(options.workspace);
  const index = new RunIndex(workspace);
  try {
    return await studyResult({ workspace, resources: places.resources }, index.list(), ask);
  } finally {
    index.close();
  }
}

/** Everything that a paper or a colleague needs, side by side. */
async function writeResult(result: StudyResult, options: StudyOptions, places: Places): Promise<string> {
  const directory = resolve(options.out ?? join(options.workspace, 'figures', `study-${result.study}`));
  mkdirSync(directory, { recursive: true });
  const write = (name: string, content: string | Uint8Array) => writeFileAtomic(join(directory, name), content);
  write('result.json', jsonText(result));
  write('reading.md', resultMarkdown(result, findStudy(result.study)));
  for (const table of result.tables) write(`${table.name}.csv`, tableCsv(table));
  for (const { name, figure } of result.figures) {
    for (const format of ['.svg', '.pdf', '.csv', '.json'])
      write(`figure-${name}${format}`, await renderFigure(figure, format, places));
  }
  const report = studyReport(result, findStudy(result.study));
  for (const format of reportFormats) write(`report.${format}`, await renderReport(report, format, places));
  return directory;
}

function print(result: StudyResult, directory: string): void {
  const { title, question } = findStudy(result.study);
  printLine(`${title}\n${question}\n`);
  for (const warning of result.warnings) printLine(`! ${warning}`);
  if (result.runs.length === 0) printLine('No run is finished yet: there is nothing to read.');
  for (const { text, basis } of result.reading) printLine(`• ${text}\n  ${basis}`);
  for (const { title: heading, columns, rows } of result.tables)
    printLine(
      `\n${heading}\n${renderTable(
        rows,
        columns.map(({ key, title: column }) => ({ title: column, cell: (row) => cellText(row[key]) })),
      )}`,
    );
  printLine(`\n${result.runs.length} runs, ${result.missing} missing · ${directory}`);
}
