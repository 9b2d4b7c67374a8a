import { AdjointError } from '@shared/errors';
import type { SpawnReply, SpawnRequest } from '@shared/shellProtocol';
import type { SpawnedProcess, Spawner } from '../engine/api';

type End = Awaited<SpawnedProcess['exited']>;

interface Pending {
  started(process: SpawnedProcess): void;
  failed(error: AdjointError): void;
  exited(end: End): void;
  readonly end: Promise<End>;
}

/**
 * Run processes that Electron's main makes on behalf of the engine, because only main can make utility processes. They end
 * with the app: a run that was cut off this way is found crashed at the next start and resumes from its checkpoint.
 */
export class ParentSpawner implements Spawner {
  readonly label = 'Electron utility processes';
  private readonly ask: (request: SpawnRequest) => void;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;

  constructor(ask: (request: SpawnRequest) => void) {
    this.ask = ask;
  }

  spawn(spec: Parameters<Spawner['spawn']>[0]): Promise<SpawnedProcess> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      let exited: (end: End) => void = () => undefined;
      const end = new Promise<End>((resolveEnd) => (exited = resolveEnd));
      this.pending.set(id, { started: resolve, failed: reject, exited, end });
      this.ask({ type: 'spawn', id, spec });
    });
  }

  /** Takes what main answers. */
  receive(reply: SpawnReply): void {
    const pending = this.pending.get(reply.id);
    if (!pending) return;
    if (reply.type === 'spawned') {
      const kill = (signal: 'SIGTERM' | 'SIGKILL') => this.ask({ type: 'kill', id: reply.id, signal });
      pending.started({ pid: reply.pid, exited: pending.end, kill });
      return;
    }
    this.pending.delete(reply.id);
    if (reply.type === 'exited') return pending.exited({ code: reply.code, signal: reply.signal });
    const { code, what, ...rest } = reply.problem;
    pending.failed(new AdjointError(code, what, rest));
  }
}
