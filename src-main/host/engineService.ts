import { parseArgs } from 'node:util';
import { AdjointError, problemText, toProblem } from '@shared/errors';
import type { Activity, ToEngine } from '@shared/shellProtocol';
import type { Engine, EngineOptions, Spawner } from '../engine/api';
import { serveFrames } from './frameServer';
import { nodeSpawner } from './nodeSpawner';
import { ParentSpawner } from './parentSpawner';
import { inProcessClient, requestServer } from './requests';
import type { ShellLink } from './shellLink';

export interface ServiceParts {
  createEngine(options: EngineOptions): Promise<Engine>;
  startDemo(engine: Engine, resources: string): Promise<unknown>;
}

const log = (line: string): void => void process.stderr.write(`${new Date().toISOString()} ${line}\n`);

/**
 * The engine as a child of Electron's main process: opens the workspace given on the command line, serves every port that main
 * hands over, and tells main how much is going on. A failure to start is told by name and ends the process.
 */
export async function runEngineService(link: ShellLink, load: () => Promise<ServiceParts>): Promise<void> {
  // Ctrl-C in a terminal reaches the whole group; main decides what it means.
  process.on('SIGINT', () => undefined);
  const parentSpawner = new ParentSpawner((request) => link.send(request));
  const spawner = link.kind === 'utility' ? parentSpawner : nodeSpawner();
  // Nothing to close as long as there is no engine: whatever it has begun survives being killed.
  link.onMessage((message: ToEngine) => {
    if (message.type === 'stop') process.exit(0);
  });
  link.onGone(() => process.exit(0));
  try {
    const { engine, close } = await startEngine(spawner, load);
    serve(engine, link);
    link.onMessage((message: ToEngine) => {
      if (message.type === 'stop') void close(message.how);
      else if (message.type === 'spawned' || message.type === 'spawn-failed' || message.type === 'exited')
        parentSpawner.receive(message);
    });
    link.onGone(() => void close('leave'));
    process.once('SIGTERM', () => void close('leave'));
    link.send({ type: 'ready' });
    void tellActivity(engine, link);
  } catch (error) {
    const problem = toProblem(error);
    log(problem.code === 'internal' && error instanceof Error ? (error.stack ?? problem.what) : problemText(problem));
    link.send({ type: 'failed', problem });
    // Time for the message to leave the process.
    setTimeout(() => process.exit(1), 200);
  }
}

async function startEngine(spawner: Spawner, load: () => Promise<ServiceParts>) {
  const { values } = parseArgs({
    options: {
      workspace: { type: 'string' },
      'run-entry': { type: 'string' },
      resources: { type: 'string' },
      demo: { type: 'boolean', default: false },
    },
  });
  const { workspace, 'run-entry': runEntry, resources } = values;
  if (!workspace || !runEntry || !resources)
    throw new AdjointError('bad-request', 'The engine needs --workspace, --run-entry and --resources.');
  await featureTest();
  const { createEngine, startDemo } = await load();
  const engine = await createEngine({ workspace, runEntry, resources, spawner, launcher: 'electron', log });
  if (values.demo) await startDemo(engine, resources).catch((error: unknown) => log(problemText(toProblem(error))));
  let closing: Promise<void> | undefined;
  const close = (how: 'leave' | 'stop') => (closing ??= engine.close(how).finally(() => process.exit(0)));
  return { engine, close };
}

/** What the engine needs of its runtime, tried and not assumed: Electron's own Node differs from version to version. */
async function featureTest(): Promise<void> {
  try {
    await import('node:sqlite');
  } catch (cause) {
    throw new AdjointError('unsupported', `Node ${process.versions.node} has no built-in SQLite.`, {
      where: process.execPath,
      fix: 'Start Adjoint with `npm start`, which brings its own Node 24, or set ADJOINT_NODE to a Node ≥ 22.13.',
      cause,
    });
  }
}

function serve(engine: Engine, link: ShellLink): void {
  const serveRequests = requestServer(engine.router, log);
  link.onPort((channel, port) => {
    if (channel === 'requests') serveRequests(port);
    else serveFrames(port, { openSeries: (spec) => engine.openSeries(spec), log });
  });
}

/** Main asks before it quits while runs are active, so it has to know. */
async function tellActivity(engine: Engine, link: ShellLink): Promise<void> {
  const client = inProcessClient(engine.router, log);
  let last = '';
  for await (const event of await client.events()) {
    if (event.type !== 'queue') continue;
    const { running, paused, waiting } = event.queue;
    const activity: Activity = { running: running.length, paused: paused.length, waiting: waiting.length };
    const text = JSON.stringify(activity);
    if (text !== last) link.send({ type: 'activity', activity });
    last = text;
  }
}
