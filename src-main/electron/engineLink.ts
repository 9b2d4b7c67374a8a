import { MessageChannelMain, type MessagePortMain, type WebContents } from 'electron';
import { bridgeChannels, type EngineStatus } from '@shared/bridge';
import { AdjointError, toProblem, type Problem } from '@shared/errors';
import type { Activity, ChannelName, FromEngine, ToEngine } from '@shared/shellProtocol';
import { startEngineChild, type EngineChild } from './engineChild';
import { UtilityRuns } from './utilitySpawner';

export interface EngineLinkOptions {
  flavour: 'utility' | 'node';
  node: string | null;
  entry: string;
  args: string[];
  /** Only at the first start, not when the engine is started again. */
  firstArgs: string[];
  logFile: string;
}

/** Milliseconds for an engine to end by itself when asked: runs checkpoint within 30 s or are killed. */
const stopLimit = { leave: 5_000, stop: 60_000 };

const idle: Activity = { running: 0, paused: 0, waiting: 0 };

/**
 * Launches the engine, connects windows to it, and tells when it is up, failed or gone. An engine that dies is a status with a
 * problem, which the window shows with a way to start it again; runs do not die with it.
 */
export class EngineLink {
  status: EngineStatus = { state: 'starting', problem: null };
  activity: Activity = idle;
  private readonly options: EngineLinkOptions;
  private flavour: 'utility' | 'node';
  private child: EngineChild | undefined;
  private stopping: (() => void) | undefined;
  private args: string[];
  private nextId = 1;
  private readonly relayed = new Map<number, MessagePortMain>();
  private readonly listeners = new Set<() => void>();
  private readonly runs = new UtilityRuns((reply) => this.child?.send(reply));

  constructor(options: EngineLinkOptions) {
    this.options = options;
    this.flavour = options.flavour;
    this.args = [...options.args, ...options.firstArgs];
  }

  /** Whether run processes go on when the app has ended. */
  get runsOutliveApp(): boolean {
    return this.flavour === 'node';
  }

  /** Calls back at every change of status or activity. */
  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  start(): void {
    if (this.child) return;
    this.set({ state: 'starting', problem: null });
    let failure: Problem | null = null;
    try {
      const child = startEngineChild({
        ...this.options,
        flavour: this.flavour,
        args: this.args,
        onMessage: (message) => {
          if (message.type === 'failed') failure = message.problem;
          if (this.child === child) this.receive(message);
        },
        onExit: (how, output) => {
          if (this.child !== child) return;
          if (failure || !this.fallBack(how)) this.ended(failure ?? this.crash(how, output));
        },
      });
      this.child = child;
    } catch (error) {
      this.ended(toProblem(error));
    }
  }

  /**
   * Gives a window its two ports to the engine.
   * @throws AdjointError `disconnected` when the engine is not running
   */
  async connect(contents: WebContents): Promise<void> {
    await this.settled();
    const { child, status } = this;
    if (!child || status.state !== 'running') {
      const { code, what, ...rest } = status.problem ?? stopped;
      throw new AdjointError(code, what, rest);
    }
    const [requests, frames] = [new MessageChannelMain(), new MessageChannelMain()];
    if (child.takesPorts) child.send({ type: 'ports' }, [requests.port1, frames.port1]);
    else {
      this.relay('requests', requests.port1, child);
      this.relay('frames', frames.port1, child);
    }
    contents.postMessage(bridgeChannels.ports, null, [requests.port2, frames.port2]);
  }

  /** Ends the engine. `leave`: runs go on. `stop`: they checkpoint and stop first. Resolves when it has ended. */
  stop(how: 'leave' | 'stop'): Promise<void> {
    const { child } = this;
    if (!child) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => child.kill(), stopLimit[how]);
      this.stopping = () => {
        clearTimeout(timer);
        resolve();
      };
      child.send({ type: 'stop', how });
    });
  }

  private relay(channel: ChannelName, port: MessagePortMain, child: EngineChild): void {
    const id = this.nextId++;
    this.relayed.set(id, port);
    const send = (message: ToEngine) => {
      if (this.child === child) child.send(message);
    };
    send({ type: 'open', id, channel });
    port.on('message', (event) => send({ type: 'message', id, data: event.data as string | Uint8Array }));
    port.on('close', () => {
      if (this.relayed.delete(id)) send({ type: 'close', id });
    });
    port.start();
  }

  private receive(message: FromEngine): void {
    switch (message.type) {
      case 'ready':
        this.args = this.options.args;
        return this.set({ state: 'running', problem: null });
      case 'message':
        return this.relayed.get(message.id)?.postMessage(compact(message.data));
      case 'close':
        this.relayed.get(message.id)?.close();
        this.relayed.delete(message.id);
        return;
      case 'activity':
        this.activity = message.activity;
        return this.changed();
      case 'spawn':
      case 'kill':
        return void this.runs.receive(message);
      case 'failed':
        return; // its exit follows and carries the reason
    }
  }

  /** A utility process that dies before it could say anything cannot run the engine here; a Node of its own may. */
  private fallBack(how: string): boolean {
    if (this.flavour === 'node' || this.status.state !== 'starting' || this.stopping || !this.options.node)
      return false;
    console.error(`The engine did not start in a utility process (${how}); starting it under ${this.options.node}.`);
    this.flavour = 'node';
    this.child = undefined;
    this.start();
    return true;
  }

  private ended(problem: Problem): void {
    this.child = undefined;
    this.activity = idle;
    // The reason first: windows notice closed ports by themselves, but not why.
    this.set({ state: 'failed', problem: this.stopping ? stopped : problem });
    for (const port of this.relayed.values()) port.close();
    this.relayed.clear();
    this.stopping?.();
    this.stopping = undefined;
  }

  private crash(how: string, output: string): Problem {
    const lastLines = output.trim().split('\n').slice(-3).join('\n');
    return {
      code: 'disconnected',
      what: `The engine ended unexpectedly: ${how}.${lastLines ? `\n${lastLines}` : ''}`,
      where: this.options.logFile,
      fix: 'Start it again. Run processes go on by themselves, and what they have recorded is safe.',
    };
  }

  /** Resolves when the engine is no longer starting. */
  private settled(): Promise<void> {
    if (this.status.state !== 'starting') return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (this.status.state === 'starting') return;
        this.listeners.delete(look);
        resolve();
      };
      this.listeners.add(look);
    });
  }

  private set(status: EngineStatus): void {
    this.status = status;
    this.changed();
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

const stopped: Problem = { code: 'disconnected', what: 'The engine has been stopped.', fix: 'Start it again.' };

/** A port copies the whole buffer under a view: cut the frame out of what it was received in. */
function compact(data: string | Uint8Array): string | Uint8Array {
  return typeof data === 'string' || data.byteLength === data.buffer.byteLength ? data : new Uint8Array(data);
}
