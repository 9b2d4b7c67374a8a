import { implement } from '@orpc/server';
import { contract, type AppEvent, type Queue } from '@shared/contract';
import { AdjointError } from '@shared/errors';
import type { StreamSpec } from '@shared/frames';
import type { Engine, FrameSource, SpawnedProcess, Spawner } from '../../engine/api';

/**
 * An engine whose streams and requests show what a transport does to them. It is reached through the contract alone, so that
 * the same cases run in one process, over sockets, and from a page against an engine in another process:
 *
 * - `app.info` answers; `runs.get` of any id fails with a typed error, of `defect` with an untyped one
 * - `events` counts up every few milliseconds; `runs.log` of `stats` tells what the engine has seen, as JSON
 * - series of run `steady` count samples up as time goes by; `endless` have a frame at once, always; `ends` have three frames;
 *   `large` have frames of 1 MB; `process` stops with the process behind it, which `runs.cancel` kills
 */
export interface FakeStats {
  /** Calls of `next()` on all sources. */
  nexts: number;
  openSources: number;
  openEventStreams: number;
  /** Sources opened since the start. */
  opened: number;
}

export interface FakeEngineOptions {
  /** For the series of run `process`. */
  processes?: { spawner: Spawner; entry: string; directory: string };
  /** Runs that are said to be running. */
  running?: string[];
  onClose?: (how: 'leave' | 'stop') => void;
}

export function createFakeEngine(options: FakeEngineOptions = {}): Engine {
  const { processes: spawner, running = [], onClose } = options;
  const queue: Queue = { slots: 1, running, waiting: [], paused: [], secondsLeft: null };
  const stats: FakeStats = { nexts: 0, openSources: 0, openEventStreams: 0, opened: 0 };
  const processes: SpawnedProcess[] = [];
  const os = implement(contract);
  const notHere = () => {
    throw new AdjointError('unsupported', 'The engine of the conformance suite has no such request.');
  };

  async function* events(): AsyncGenerator<AppEvent> {
    stats.openEventStreams++;
    try {
      for (let slots = 1; ; slots++) {
        yield { type: 'queue', queue: { ...queue, slots } };
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    } finally {
      stats.openEventStreams--;
    }
  }

  const router = os.router({
    app: {
      info: os.app.info.handler(() => ({
        version: '0.0.0',
        commit: null,
        launcher: 'cli' as const,
        workspace: 'conformance ∂ ‖y*‖',
        platform: process.platform,
        node: process.versions.node,
        cpu: { model: 'none', cores: 1 },
        spawner: spawner?.spawner.label ?? 'none',
      })),
      devices: os.app.devices.handler(() => []),
    },
    methods: { list: os.methods.list.handler(() => []) },
    techniques: { applicability: os.techniques.applicability.handler(notHere) },
    problems: {
      families: os.problems.families.handler(() => []),
      preview: os.problems.preview.handler(notHere),
      open: os.problems.open.handler(notHere),
    },
    datasets: {
      list: os.datasets.list.handler(() => []),
      show: os.datasets.show.handler(notHere),
      preview: os.datasets.preview.handler(notHere),
      generate: os.datasets.generate.handler(notHere),
      import: os.datasets.import.handler(notHere),
      trash: os.datasets.trash.handler(notHere),
      trashed: os.datasets.trashed.handler(() => []),
      restore: os.datasets.restore.handler(notHere),
      purge: os.datasets.purge.handler(notHere),
    },
    solve: {
      cases: os.solve.cases.handler(() => ({ cases: [], problem: null })),
      run: os.solve.run.handler(notHere),
      audit: os.solve.audit.handler(notHere),
    },
    bilevel: {
      families: os.bilevel.families.handler(() => []),
      cases: os.bilevel.cases.handler(() => []),
      preview: os.bilevel.preview.handler(notHere),
      landscape: os.bilevel.landscape.handler(notHere),
    },
    diagnostics: { look: os.diagnostics.look.handler(notHere) },
    film: {
      rows: os.film.rows.handler(notHere),
      changes: os.film.changes.handler(notHere),
      plane: os.film.plane.handler(notHere),
    },
    layer: {
      audit: os.layer.audit.handler(notHere),
      path: os.layer.path.handler(notHere),
    },
    experiments: {
      examples: os.experiments.examples.handler(() => []),
      validate: os.experiments.validate.handler(({ input }) => ({
        findings: [{ path: 'length', message: String(input.yaml.length) }],
        resolved: null,
      })),
    },
    runs: {
      list: os.runs.list.handler(() => []),
      get: os.runs.get.handler(({ input }) => {
        if (input.id === 'defect') throw new TypeError('a defect of the handler');
        throw new AdjointError('not-found', 'No such run.', { where: input.id, fix: 'List the runs.' });
      }),
      create: os.runs.create.handler(() => ({ ids: [] })),
      datasetNow: os.runs.datasetNow.handler(notHere),
      pause: os.runs.pause.handler(() => ({ refused: [] })),
      resume: os.runs.resume.handler(() => ({ refused: [] })),
      cancel: os.runs.cancel.handler(async () => {
        for (const child of processes.splice(0)) {
          child.kill('SIGKILL');
          await child.exited;
        }
        return { refused: [] };
      }),
      annotate: os.runs.annotate.handler(() => ({})),
      trash: os.runs.trash.handler(() => ({ refused: [] })),
      restore: os.runs.restore.handler(() => ({ refused: [] })),
      purge: os.runs.purge.handler(() => ({ refused: [] })),
      log: os.runs.log.handler(() => ({ text: JSON.stringify(stats), offset: 0, end: 0 })),
      sparklines: os.runs.sparklines.handler(() => ({})),
      exportSeries: os.runs.exportSeries.handler(notHere),
      vectors: os.runs.vectors.handler(notHere),
      exportWeights: os.runs.exportWeights.handler(notHere),
      summarise: os.runs.summarise.handler(() => ({})),
    },
    figures: {
      list: os.figures.list.handler(() => []),
      get: os.figures.get.handler(notHere),
      save: os.figures.save.handler(notHere),
      remove: os.figures.remove.handler(notHere),
    },
    comparisons: {
      list: os.comparisons.list.handler(() => []),
      get: os.comparisons.get.handler(notHere),
      save: os.comparisons.save.handler(notHere),
      rename: os.comparisons.rename.handler(notHere),
      remove: os.comparisons.remove.handler(() => ({})),
      context: os.comparisons.context.handler(() => []),
      tradeOff: os.comparisons.tradeOff.handler(() => []),
    },
    sweeps: {
      preview: os.sweeps.preview.handler(notHere),
      create: os.sweeps.create.handler(notHere),
      list: os.sweeps.list.handler(() => []),
      get: os.sweeps.get.handler(notHere),
      pause: os.sweeps.pause.handler(notHere),
      resume: os.sweeps.resume.handler(notHere),
      cancel: os.sweeps.cancel.handler(notHere),
    },
    studies: {
      list: os.studies.list.handler(() => []),
      preview: os.studies.preview.handler(notHere),
      start: os.studies.start.handler(notHere),
      result: os.studies.result.handler(notHere),
    },
    queue: { get: os.queue.get.handler(() => queue), setSlots: os.queue.setSlots.handler(() => queue) },
    events: os.events.handler(events),
  });

  function openSeries(spec: StreamSpec): FrameSource {
    const run = spec.kind === 'series' ? spec.run : spec.runs[0];
    const make = sources[run];
    if (!make) throw new AdjointError('not-found', 'No such run.', { where: run });
    stats.opened++;
    stats.openSources++;
    let open = true;
    const produce = make();
    return {
      async next() {
        stats.nexts++;
        return open ? await produce() : null;
      },
      close() {
        if (open) stats.openSources--;
        open = false;
      },
    };
  }

  const sources: Record<string, () => () => Promise<Uint8Array | null>> = {
    steady: () => {
      const start = performance.now();
      let sent = 0;
      return async () => {
        let last = sent;
        while (last <= sent) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          last = Math.floor(performance.now() - start);
        }
        const frame = range(sent, last);
        sent = last;
        return frame;
      };
    },
    endless: () => {
      let sent = 0;
      return async () => range(sent, ++sent);
    },
    ends: () => {
      let sent = 0;
      return async () => (sent < 3 ? range(sent, ++sent) : null);
    },
    large: () => async () => new Uint8Array(1 << 20).fill(7),
    process: () => {
      if (!spawner) throw new AdjointError('unsupported', 'No spawner here.');
      const { entry, directory } = spawner;
      const spec = { entry, args: ['wait'], cwd: directory, logFile: `${directory}/child.log`, detached: false };
      const started = spawner.spawner.spawn(spec).then((child) => {
        processes.push(child);
        return child;
      });
      let sent = 0;
      return async () => {
        const child = await started;
        const tick = new Promise<null>((resolve) => setTimeout(() => resolve(null), 5));
        const end = await Promise.race([child.exited, tick]);
        if (!end) return range(sent, ++sent);
        const reason = end.signal ?? `exit code ${end.code}`;
        throw new AdjointError('run-crashed', `The process behind this stream ended: ${reason}.`);
      };
    },
  };

  return { router, openSeries, close: async (how) => onClose?.(how) };
}

/** A frame that stands for the samples from `first` up to, without, `end`. */
function range(first: number, end: number): Uint8Array {
  return new Uint8Array(new Float64Array([first, end]).buffer);
}
