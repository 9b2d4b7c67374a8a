import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { AdjointError } from '@shared/errors';
import { formatBytes } from '@shared/format';
import type { QcqpInstances } from '../modelling/families/family';
import { generateQcqp, qcqpSettings, qcqpSuite, type QcqpSettings } from '../modelling/families/qcqp';
import { LabelPool, type QcqpLabels } from '../solvers/qcqp/labelPool';
import { storeError } from '../store/atomic';
import { splitByOrder, writeDataset } from '../store/dataset';
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

interface GenerateOptions extends CommonOptions {
  out?: string;
  force?: boolean;
  threads?: number;
  suite?: string;
  [setting: string]: unknown;
}

export function generateCommand(places: Places): Command {
  const generate = new Command('generate').description('Draws a family of problems and labels its instances.');
  const qcqp = withCommonOptions(
    new Command('qcqp').description(
      'Parametric QCQPs with labels of violation ≤ 1e-10 and relative gap ≤ 1e-9, multipliers and splits.',
    ),
  );
  // The schema of the settings is the options: one place for names, defaults and words.
  for (const [name, schema] of Object.entries(qcqpSettings.shape)) {
    const standard = schema.def.defaultValue;
    const words = standard === null ? schema.description : `${schema.description} (default: ${standard})`;
    qcqp.option(`--${name} <value>`, words);
  }
  qcqp
    .option('--suite <size>', `one of the suite's sizes: ${Object.keys(qcqpSuite).join(', ')}`)
    .option('-o, --out <file>', '.npz or .pkl file; by default a .npz in the workspace’s datasets')
    .option('-f, --force', 'replaces an existing file')
    .option('--threads <count>', 'worker threads; by default one a core. The labels do not depend on it', wholeNumber)
    .action(action((options: GenerateOptions) => generateAndWrite(options, places)));
  generate.addCommand(qcqp);
  return generate;
}

async function generateAndWrite(options: GenerateOptions, places: Places): Promise<void> {
  const settings = parseSettings(options);
  const path = checkTarget(options, settings);
  const began = performance.now();
  const instances = generateQcqp(settings);
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const pool = new LabelPool(places.labelsEntry, options.threads);
  let labels: QcqpLabels | null;
  try {
    labels = await pool.label(instances, { signal: stop.signal, onProgress: progress(options.json) });
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    await pool.close();
  }
  if (!labels) {
    process.exitCode = exitCodes.failed;
    if (options.json) printJson({ event: 'cancelled' });
    return say('Cancelled; nothing was written.');
  }
  refuseFailures(labels);
  makeFolder(dirname(path));
  write(path, instances, labels);
  const { n, m, e } = settings;
  const summary = {
    event: 'end',
    path,
    bytes: statSync(path).size,
    dims: { n, m, e, N: instances.N },
    settings,
    threads: pool.threads,
    seconds: (performance.now() - began) / 1000,
    maxViolation: largest(labels.violation),
    maxGap: largest(labels.gap),
  };
  if (options.json) return printJson(summary);
  printLine(
    `${path}  ${formatBytes(summary.bytes)}  n = ${n}, m = ${m}, e = ${e}, N = ${instances.N}  ${summary.seconds.toFixed(1)} s`,
  );
  printLine(
    `largest violation ${summary.maxViolation.toExponential(1)}, largest relative gap ${summary.maxGap.toExponential(1)}`,
  );
}

/** @throws AdjointError `bad-request` naming every setting that is wrong */
function parseSettings(options: GenerateOptions): QcqpSettings {
  const given: Record<string, unknown> = {};
  if (options.suite !== undefined) {
    if (!Object.hasOwn(qcqpSuite, options.suite))
      throw new AdjointError('bad-request', `The suite has no size "${options.suite}".`, {
        where: '--suite',
        fix: `There are: ${Object.keys(qcqpSuite).join(', ')}.`,
      });
    Object.assign(given, qcqpSuite[options.suite as keyof typeof qcqpSuite]);
  }
  for (const name of Object.keys(qcqpSettings.shape)) {
    const text = options[name];
    if (typeof text !== 'string') continue;
    const value = Number(text);
    given[name] = text.trim() === '' || Number.isNaN(value) ? text : value;
  }
  const parsed = qcqpSettings.safeParse(given);
  if (parsed.success) return parsed.data;
  const findings = parsed.error.issues.map((issue) => ({ path: `--${issue.path.join('.')}`, message: issue.message }));
  throw new AdjointError('bad-request', 'These settings of the generator are not valid.', {
    findings,
    fix: 'See adjoint generate qcqp --help.',
  });
}

/** Where the dataset goes, checked before any work is done. */
function checkTarget(options: GenerateOptions, { n, m, e, instances, seed }: QcqpSettings): string {
  const name = `qcqp-n${n}-m${m}-e${e}-N${instances}-seed${seed}.npz`;
  const path = resolve(options.out ?? join(options.workspace, 'datasets', name));
  if (!['.npz', '.pkl'].includes(extname(path)))
    throw new AdjointError('bad-request', `A dataset cannot be written as "${extname(path)}".`, {
      where: path,
      fix: 'Name a .npz or .pkl file.',
    });
  if (existsSync(path) && !options.force)
    throw new AdjointError('conflict', 'The file exists already.', {
      where: path,
      fix: 'Choose another name, or pass --force to replace it.',
    });
  return path;
}

/** @throws AdjointError `not-writable`, `disk-full` */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw storeError(error, folder);
    throw new AdjointError('not-writable', 'A file is where the folder should be.', {
      where: folder,
      fix: 'Name another place with --out.',
      cause: error,
    });
  }
}

/** @throws AdjointError `bad-request` when an instance has no label: half a dataset is none */
function refuseFailures(labels: QcqpLabels): void {
  const { failed } = labels;
  if (failed.length === 0) return;
  const findings = failed.slice(0, 8).map((i) => ({ path: `X[${i}]`, message: labels.status(i) }));
  const more = failed.length > 1 ? ` (${failed.length} instances in all)` : '';
  throw new AdjointError('bad-request', `Instance ${failed[0]} is ${labels.status(failed[0])}${more}.`, {
    fix: 'Lower --tightness: up to 1 every instance is feasible. Nothing was written.',
    findings,
  });
}

function write(path: string, { family, X, N }: QcqpInstances, labels: QcqpLabels): void {
  const { Y, inequality, equality } = labels;
  const multipliers = { inequality, equality };
  writeDataset(path, { family: 'qcqp', ...family, N, X, Y, multipliers, splits: splitByOrder(N) });
}

/** Progress as JSON lines, or as one line that is rewritten on a terminal. */
function progress(json: boolean | undefined): (done: number, total: number) => void {
  if (json) return (done, total) => printJson({ event: 'progress', done, total });
  if (!process.stderr.isTTY) return () => undefined;
  return (done, total) => void process.stderr.write(`\r${done} of ${total} labels${done === total ? '\n' : ''}`);
}

const largest = (values: Float64Array): number => values.reduce((a, b) => Math.max(a, b), 0);

function wholeNumber(text: string): number {
  const parsed = z.coerce.number().int().min(1).max(256).safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError('It must be a whole number from 1 to 256.');
  return parsed.data;
}
