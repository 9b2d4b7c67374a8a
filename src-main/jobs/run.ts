import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { problemText, toProblem } from '@shared/errors';
import { RunDirectory } from '../store/runDirectory';
import { buildOf, describeAttempt } from './machine';
import { behindEverything } from './resume';
import { RunLog } from '../store/runLog';
import { drive, prepare, type RunOptions } from './runProcess';

// The run process: one run, from the state in its directory to its end. Everything that it says goes into the directory; what
// it prints is for the case that it cannot write there. Exit codes: 0 done or cancelled, 1 failed, 2 wrong arguments.

const usage = 'usage: run --run DIRECTORY [--attempt NUMBER] [--threads NUMBER]';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { run: { type: 'string' }, attempt: { type: 'string' }, threads: { type: 'string', default: '1' } },
  });
  const threads = Number(values.threads);
  if (values.run === undefined || !Number.isInteger(threads) || threads < 1) {
    console.error(usage);
    return 2;
  }
  const run = RunDirectory.open(values.run);
  const attempt = values.attempt === undefined ? (run.attempts().at(-1) ?? 0) + 1 : Number(values.attempt);
  if (!Number.isInteger(attempt) || attempt < 1) {
    console.error(usage);
    return 2;
  }
  const lock = run.lock();
  try {
    const options: RunOptions = {
      run,
      attempt,
      threads,
      lock,
      log: new RunLog(run),
      workspace: process.env.ADJOINT_WORKSPACE,
      labelsEntry: fileURLToPath(new URL('labels.mjs', import.meta.url)),
      build: buildOf(fileURLToPath(import.meta.url)),
    };
    await drive(options, await prepareOrSay(options));
    return 0;
  } finally {
    lock.release();
  }
}

/** A refusal to start is an attempt too: it appears in the run's history with its reason. */
async function prepareOrSay(options: RunOptions): ReturnType<typeof prepare> {
  try {
    return await prepare(options);
  } catch (error) {
    const { run, attempt, log } = options;
    const problem = toProblem(error);
    const now = new Date().toISOString();
    const device = {
      name: 'cpu',
      dtype: 'float32',
      threads: options.threads,
      detail: 'not loaded',
      packages: {},
    } as const;
    run.beginAttempt(attempt, describeAttempt(attempt, behindEverything(run), device, options.build));
    if (problem.code === 'internal' && error instanceof Error) log.write(error.stack ?? error.message);
    log.write(`Failed to start: ${problemText(problem)}`);
    // What earlier attempts reached still stands.
    const before = run.state(attempt - 1);
    run.writeState(attempt, {
      phase: 'failed',
      updatedAt: now,
      endedAt: now,
      activeSeconds: before?.activeSeconds ?? 0,
      progress: before?.progress ?? null,
      acknowledged: {},
      summaries: before?.summaries ?? {},
      lastCheckpoint: before?.lastCheckpoint ?? null,
      error: problem,
      controlSeen: 0,
    });
    throw error;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(problemText(toProblem(error)));
  process.exitCode = 1;
}
