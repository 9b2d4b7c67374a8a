import { spawn } from 'child_process';
import { createWriteStream, mkdirSync, type WriteStream } from 'fs';
import { dirname } from 'path';
import { utilityProcess, type MessagePortMain } from 'electron';
import { AdjointError } from '@shared/errors';
import type { FromEngine, ToEngine } from '@shared/shellProtocol';
import { recordOutput } from './utilitySpawner';

/** The engine's process, either flavour. */
export interface EngineChild {
  /** Sends a message; ports can go along to a utility process only. */
  send(message: ToEngine, ports?: MessagePortMain[]): void;
  /** Whether the engine can be handed MessagePorts; otherwise main relays. */
  readonly takesPorts: boolean;
  kill(): void;
}

export interface EngineChildOptions {
  flavour: 'utility' | 'node';
  /** Needed by the flavour `node`. */
  node: string | null;
  entry: string;
  args: string[];
  logFile: string;
  onMessage(message: FromEngine): void;
  /** @param output the end of what it wrote, for the error message */
  onExit(how: string, output: string): void;
}

/** @throws AdjointError `unsupported` when there is no Node to run it */
export function startEngineChild(options: EngineChildOptions): EngineChild {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile, { flags: 'a' });
  log.on('error', () => undefined);
  return options.flavour === 'utility' ? utilityChild(options, log) : nodeChild(options, log);
}

/** Keeps the log, and the end of it in memory. */
function recorder(log: WriteStream) {
  let tail = '';
  return {
    write: (chunk: Buffer) => {
      log.write(chunk);
      if (process.env.ADJOINT_LOG === '1') process.stderr.write(chunk);
      tail = (tail + chunk.toString('utf8')).slice(-4000);
    },
    tail: () => tail,
  };
}

function nodeChild(options: EngineChildOptions, log: WriteStream): EngineChild {
  if (!options.node)
    throw new AdjointError('unsupported', 'There is no Node.js to run the engine.', {
      fix: 'Start Adjoint with `npm start`, or set ADJOINT_NODE to a Node ≥ 22.13.',
    });
  const child = spawn(options.node, [options.entry, ...options.args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Typed arrays travel as they are.
    serialization: 'advanced',
    windowsHide: true,
  });
  const output = recorder(log);
  let ended = false;
  const end = (how: string) => {
    if (ended) return;
    ended = true;
    log.end();
    options.onExit(how, output.tail());
  };
  child.stdout?.on('data', output.write);
  child.stderr?.on('data', output.write);
  child.on('message', (message) => options.onMessage(message as FromEngine));
  child.on('error', (error) => end(error.message));
  // `close` comes after `exit`, when the output is complete; a process that inherited the pipes could hold it back.
  child.on('exit', (code, signal) => setTimeout(() => end(signal ?? `exit code ${code}`), 100));
  return {
    takesPorts: false,
    send: (message) => {
      if (child.connected) child.send(message, () => undefined);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

function utilityChild(options: EngineChildOptions, log: WriteStream): EngineChild {
  const child = utilityProcess.fork(options.entry, options.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    serviceName: 'Adjoint engine',
  });
  const output = recorder(log);
  let ended = false;
  const record = recordOutput(child, output.write);
  child.on('message', (message: FromEngine) => options.onMessage(message));
  child.on('exit', (code: number) => {
    ended = true;
    void record().then(() => {
      log.end();
      options.onExit(`exit code ${code}`, output.tail());
    });
  });
  return {
    takesPorts: true,
    send: (message, ports = []) => {
      if (!ended) child.postMessage(message, ports);
    },
    kill: () => void child.kill(),
  };
}
