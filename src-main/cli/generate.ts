import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { AdjointError } from '@shared/errors';
import { formatBytes, formatDuration } from '@shared/format';
import { build } from '../engine/build';
import { generateInstances, type ProblemFamily } from '../modelling/families/family';
import { families, requireSettings, type FamilySettings } from '../modelling/families/registry';
import { LabelPool } from '../solvers/qcqp/labelPool';
import { identityOf, Labelling, refuseUnlabelled } from '../solvers/qcqp/labelling';
import { storeError } from '../store/atomic';
import { readCheckpoint, writeCheckpoint, type Json } from '../store/checkpoint';
import { writeDataset } from '../store/dataset';
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

export interface GenerateOptions extends CommonOptions {
  out?: string;
  force?: boolean;
  resume?: boolean;
  leaveOut?: boolean;
  threads?: number;
  preset?: string;
  suite?: string;
  [setting: string]: unknown;
}

/** Partial labels are saved this often, so that a machine that goes down costs no more. */
const saveMilliseconds = 5000;

export function generateCommand(places: Places): Command {
  const generate = new Command('generate').description('Draws a family of problems and labels its instances.');
  for (const family of families) generate.addCommand(familyCommand(family, places));
  return generate;
}

function familyCommand(family: ProblemFamily, places: Places): Command {
  const command = withCommonOptions(
    new Command(family.kind).description(
      `${family.summary} Labels of violation ≤ 1e-10 and relative gap ≤ 1e-9, multipliers, splits, provenance.`,
    ),
  );
  // The schema of the settings is the options: one place for names, defaults and words.
  for (const [name, schema] of Object.entries(family.settings.shape)) {
    const { description, def } = schema as z.ZodDefault;
    const words = def.defaultValue === null ? description : `${description} (default: ${String(def.defaultValue)})`;
    command.option(`--${name} <value>`, words);
  }
  command
    .option('--preset <name>', `named sizes: ${family.presets.map(({ name }) => name).join(', ')}`)
    .option('--suite <name>', 'another word for --preset');
  return withFileOptions(command).action(
    action((options: GenerateOptions) => generateAndWrite(family, options, places)),
  );
}

/** Where the dataset goes and how its labels are made, whatever the family. */
export function withFileOptions(command: Command): Command {
  return command
    .option('-o, --out <file>', '.npz or .pkl file; by default a .npz in the workspace’s datasets')
    .option('-f, --force', 'replaces an existing file and begins anew where there are partial labels')
    .option('--resume', 'goes on from the partial labels of an interrupted run')
    .option('--leave-out', 'leaves out instances that have no label, instead of refusing the dataset')
    .option('--threads <count>', 'worker threads; by default one a core. The labels do not depend on it', wholeNumber);
}

export async function generateAndWrite(family: ProblemFamily, options: GenerateOptions, places: Places): Promise<void> {
  const settings = settingsFrom(family, options);
  const path = checkTarget(family, options, settings);
  const partial = `${path}.partial`;
  const began = performance.now();
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const pool = new LabelPool(places.labelsEntry, options.threads);
  try {
    const labelling = new Labelling(generateInstances(family, settings), pool.threads);
    const identity = identityOf(family, settings);
    const before = restore(labelling, partial, identity, options);
    const seconds = () => before + (performance.now() - began) / 1000;
    const complete = await labelAll(labelling, pool, stop.signal, options, () =>
      savePartial(labelling, partial, identity, seconds()),
    );
    if (!complete) return cancelled(labelling, partial, options);
    const origin = { code: build, run: null, seconds: seconds(), threads: pool.threads };
    const dataset = labelling.dataset(family, settings, options.leaveOut ? 'leaveOut' : 'refuse', origin);
    makeFolder(dirname(path));
    writeDataset(path, dataset);
    rmSync(partial, { force: true });
    report(path, settings, labelling, dataset.N, origin, options);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    await pool.close();
  }
}

/** Labels what is left, saving on the way. False when it was interrupted; what is done is then saved. */
async function labelAll(
  labelling: Labelling,
  pool: LabelPool,
  signal: AbortSignal,
  options: GenerateOptions,
  save: () => void,
): Promise<boolean> {
  const show = progress(labelling, options.json);
  let saved = performance.now();
  while (labelling.done < labelling.total) {
    const batch = await labelling.advance(pool, signal);
    if (!batch) {
      save();
      return false;
    }
    if (!options.leaveOut) refuseUnlabelled(labelling, labelling.failed(batch.from, batch.to));
    show();
    if (performance.now() - saved < saveMilliseconds) continue;
    save();
    saved = performance.now();
  }
  return true;
}

function savePartial(labelling: Labelling, partial: string, identity: Json, seconds: number): void {
  makeFolder(dirname(partial));
  writeCheckpoint(partial, labelling.save(identity, seconds));
}

/** Takes up partial labels where that is asked for. Returns the seconds that they took. */
function restore(labelling: Labelling, partial: string, identity: Json, options: GenerateOptions): number {
  if (!options.resume || !existsSync(partial)) return 0;
  try {
    const checkpoint = readCheckpoint(partial);
    labelling.restore(checkpoint, identity);
    say(`${labelling.done} of ${labelling.total} labels are there already.`);
    return Number((checkpoint.state as { activeSeconds?: number }).activeSeconds ?? 0);
  } catch (error) {
    if (!(error instanceof AdjointError)) throw error;
    const { code, what } = error.problem;
    throw new AdjointError(code, what, {
      where: partial,
      fix: 'Give the settings that it was made with, or pass --force instead of --resume to begin anew.',
      cause: error,
    });
  }
}

function cancelled(labelling: Labelling, partial: string, options: GenerateOptions): void {
  process.exitCode = exitCodes.failed;
  if (options.json) printJson({ event: 'cancelled', done: labelling.done, total: labelling.total, partial });
  say(`Cancelled with ${labelling.done} of ${labelling.total} labels, kept in ${partial}. Go on with --resume.`);
}

function report(
  path: string,
  settings: FamilySettings,
  labelling: Labelling,
  N: number,
  { seconds, threads }: { seconds: number; threads: number },
  options: GenerateOptions,
): void {
  const { n, m, e } = settings;
  const { violation, gap } = labelling.worst();
  const leftOut = labelling.failed();
  const { size: bytes } = statSync(path);
  if (options.json)
    return printJson({
      ...{ event: 'end', path, bytes, dims: { n, m, e, N }, settings, threads, seconds },
      ...{ maxViolation: violation, maxGap: gap, meanObjective: labelling.meanObjective(), leftOut },
    });
  printLine(`${path}  ${formatBytes(bytes)}  n = ${n}, m = ${m}, e = ${e}, N = ${N}  ${seconds.toFixed(1)} s`);
  printLine(
    `largest violation ${violation.toExponential(1)}, largest relative gap ${gap.toExponential(1)}, ` +
      `mean optimum ${labelling.meanObjective().toPrecision(6)}`,
  );
  if (leftOut.length > 0) printLine(`left out for want of a label: ${leftOut.length} instances`);
}

/** @throws AdjointError `bad-request` naming every setting that is wrong */
function settingsFrom(family: ProblemFamily, options: GenerateOptions): FamilySettings {
  const given: Record<string, unknown> = {};
  const chosen = options.preset ?? options.suite;
  if (chosen !== undefined) {
    const preset = family.presets.find(({ name }) => name === chosen);
    if (!preset)
      throw new AdjointError('bad-request', `There is no size "${chosen}".`, {
        where: '--preset',
        fix: `There are: ${family.presets.map(({ name }) => name).join(', ')}.`,
      });
    Object.assign(given, preset.settings);
  }
  for (const name of Object.keys(family.settings.shape)) {
    const text = options[name];
    if (typeof text !== 'string') continue;
    const value = Number(text);
    given[name] = text.trim() === '' || Number.isNaN(value) ? text : value;
  }
  return requireSettings(family, given);
}

/** Where the dataset goes, checked before any work is done. */
function checkTarget(family: ProblemFamily, options: GenerateOptions, settings: FamilySettings): string {
  const { n, m, e, instances, seed } = settings;
  const name = `${family.kind}-n${n}-m${m}-e${e}-N${instances}-seed${seed}.npz`;
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
  if (existsSync(`${path}.partial`) && !options.force && !options.resume)
    throw new AdjointError('conflict', 'An interrupted run left partial labels.', {
      where: `${path}.partial`,
      fix: 'Pass --resume to go on from them, or --force to begin anew.',
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

/** Progress as JSON lines, or as one line that is rewritten on a terminal, with rate and time left. */
function progress(labelling: Labelling, json: boolean | undefined): () => void {
  const { total, done: first } = labelling;
  const began = performance.now();
  return () => {
    const { done } = labelling;
    const rate = ((done - first) * 1000) / Math.max(1, performance.now() - began);
    const secondsLeft = (total - done) / rate;
    if (json) return printJson({ event: 'progress', done, total, rate, secondsLeft });
    if (!process.stderr.isTTY) return;
    const line = `${done} of ${total} labels, ${rate.toPrecision(3)} a second, ${formatDuration(secondsLeft)} left`;
    process.stderr.write(`\r\x1b[K${line}${done === total ? '\n' : ''}`);
  };
}

function wholeNumber(text: string): number {
  const parsed = z.coerce.number().int().min(1).max(256).safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError('It must be a whole number from 1 to 256.');
  return parsed.data;
}
