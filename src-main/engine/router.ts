import { cpus } from 'node:os';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppInfo, MethodInfo } from '@shared/contract';
import { AdjointError } from '@shared/errors';
import { clocks, type Clock, type RunSummary } from '@shared/run';
import { probeDevices } from '../numerics/devices/probe';
import type { RunIndex } from '../store/runIndex';
import { summariseRun } from '../store/recorded';
import { unfitHere } from './fit';
import { experimentTitle, methods, parseExperiment } from '../experiments/experiment';
import type { Engine, EngineOptions } from './api';
import { attemptEach } from './attempts';
import { bilevelHandlers } from './bilevelHandlers';
import { build } from './build';
import { comparisonHandlers } from './comparisonHandlers';
import { createRun } from './createRun';
import { datasetNow } from './datasetNow';
import { datasetHandlers, problemHandlers, type DatasetParts } from './datasetHandlers';
import { diagnosisHandlers } from './diagnosisHandlers';
import type { EventHub } from './events';
import { figureHandlers } from './figureHandlers';
import { filmHandlers } from './filmHandlers';
import { on } from './implementer';
import { layerHandlers } from './layerAuditHandlers';
import { runDetail } from './runDetail';
import { seriesCsv, vectorRows } from './seriesQueries';
import { writeSettings } from './settings';
import { solveHandlers } from './solveHandlers';
import type { SparklineCache } from './sparklines';
import { studyHandlers } from './studyHandlers';
import { sweepHandlers } from './sweepHandlers';
import { Sweeps } from './sweeps';
import { techniqueHandlers } from './techniqueHandlers';
import { exportWeights } from './weights';

export interface RouterParts extends DatasetParts {
  options: EngineOptions;
  index: RunIndex;
  events: EventHub;
  sparklines: SparklineCache;
}

export function makeRouter(parts: RouterParts): Engine['router'] {
  const { options, workspace, index, supervisor, events, sparklines } = parts;
  const sweeps = new Sweeps({ workspace, supervisor, resources: options.resources });

  const places = { workspace: workspace.path, resources: options.resources };

  const requireRun = (id: string): RunSummary => {
    const summary = supervisor.summary(id);
    if (!summary) throw new AdjointError('not-found', `There is no run "${id}".`, { where: workspace.path });
    return summary;
  };

  const each = (ids: string[], act: (id: string) => void) => {
    const { refused } = attemptEach(ids, act);
    return { refused: refused.map(({ name: id, problem }) => ({ id, problem })) };
  };

  const requireEnded = (id: string): void => {
    if (supervisor.isLive(id))
      throw new AdjointError('conflict', 'The run is still going on.', {
        where: id,
        fix: 'Cancel it first, then move it to the trash.',
      });
  };

  const info = (): AppInfo => ({
    ...build,
    launcher: options.launcher,
    workspace: workspace.path,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    cpu: { model: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length },
    spawner: options.spawner.label,
  });

  return on.router({
    app: {
      info: on.app.info.handler(info),
      devices: on.app.devices.handler(() => probeDevices(workspace.path)),
    },
    methods: {
      list: on.methods.list.handler((): MethodInfo[] => methods()),
    },
    techniques: techniqueHandlers(parts),
    problems: problemHandlers(parts),
    datasets: datasetHandlers(parts),
    solve: solveHandlers(parts),
    bilevel: bilevelHandlers(parts),
    diagnostics: diagnosisHandlers(workspace, parts.previewer),
    film: filmHandlers(workspace, parts.previewer, clockOf),
    layer: layerHandlers({ workspace, places, previewer: parts.previewer }),
    experiments: {
      examples: on.experiments.examples.handler(() => examples(options.resources)),
      validate: on.experiments.validate.handler(({ input }) => {
        const { experiment, findings } = parseExperiment(input.yaml);
        const unfit = experiment && unfitHere(experiment, places, input.yaml);
        return { findings: unfit ? [unfit] : findings, resolved: experiment as Record<string, unknown> | null };
      }),
    },
    runs: {
      list: on.runs.list.handler(({ input }) => {
        const runs = input.trash ? index.list({ trash: true }) : supervisor.list();
        return input.metrics ? runs.map((run) => withMetrics(run, input.metrics!)) : runs;
      }),
      get: on.runs.get.handler(({ input }) => runDetail(workspace.run(input.id), requireRun(input.id))),
      create: on.runs.create.handler(async ({ input }) => {
        const run = await createRun(workspace, options.resources, { ...input, launch: 'queue' });
        supervisor.enqueue(run, false);
        return { ids: [run.id] };
      }),
      datasetNow: on.runs.datasetNow.handler(({ input }) => {
        requireRun(input.id);
        return datasetNow(workspace.run(input.id).manifest(), {
          workspace: workspace.path,
          resources: options.resources,
        });
      }),
      pause: on.runs.pause.handler(({ input }) => each(input.ids, (id) => supervisor.pause(id))),
      resume: on.runs.resume.handler(({ input }) => each(input.ids, (id) => supervisor.resume(id))),
      cancel: on.runs.cancel.handler(({ input }) => each(input.ids, (id) => supervisor.cancel(id, input.force))),
      annotate: on.runs.annotate.handler(({ input }) => {
        requireRun(input.id);
        workspace.run(input.id).annotate(input.change);
        supervisor.announce(input.id);
        return {};
      }),
      trash: on.runs.trash.handler(({ input }) =>
        each(input.ids, (id) => {
          requireRun(id);
          requireEnded(id);
          workspace.trash(id);
          supervisor.forget(id);
        }),
      ),
      restore: on.runs.restore.handler(({ input }) =>
        each(input.ids, (id) => {
          workspace.restore(id);
          supervisor.announce(id);
        }),
      ),
      purge: on.runs.purge.handler(({ input }) => each(input.ids, (id) => workspace.purge(id))),
      log: on.runs.log.handler(({ input }) => {
        requireRun(input.id);
        return workspace.run(input.id).readLog(input.offset, input.limit);
      }),
      sparklines: on.runs.sparklines.handler(({ input }) => sparklines.get(input.ids, input.metric, input.points)),
      vectors: on.runs.vectors.handler(({ input }) => {
        requireRun(input.id);
        return vectorRows(workspace.run(input.id), clockOf(input.clock), input.metrics, input.most);
      }),
      exportSeries: on.runs.exportSeries.handler(({ input }) => {
        const { name } = requireRun(input.id);
        const clock = clockOf(input.clock);
        return { name: `${name} ${clock}.csv`, ...seriesCsv(workspace.run(input.id), clock, input.metrics) };
      }),
      exportWeights: on.runs.exportWeights.handler(({ input }) => {
        requireRun(input.id);
        const { name, bytes } = exportWeights(workspace.run(input.id), input.format, input.step);
        return { name, base64: Buffer.from(bytes).toString('base64') };
      }),
      summarise: on.runs.summarise.handler(({ input }) => {
        requireRun(input.id);
        return summariseRun(workspace.run(input.id));
      }),
    },
    comparisons: comparisonHandlers(workspace, (id) => supervisor.summary(id)),
    sweeps: sweepHandlers(sweeps),
    figures: figureHandlers(workspace),
    studies: studyHandlers({ workspace, resources: options.resources, index, sweeps }),
    queue: {
      get: on.queue.get.handler(() => supervisor.queue()),
      setSlots: on.queue.setSlots.handler(({ input }) => {
        writeSettings(workspace.path, input);
        supervisor.setSlots(input.slots);
        return supervisor.queue();
      }),
    },
    events: on.events.handler(({ signal }) => events.subscribe([{ type: 'queue', queue: supervisor.queue() }], signal)),
  });
}

function examples(resources: string): { name: string; title: string; yaml: string }[] {
  const folder = join(resources, 'experiments');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => {
      const yaml = readFileSync(join(folder, file), 'utf8');
      const name = file.slice(0, -'.yaml'.length);
      return { name, title: experimentTitle(yaml) ?? name, yaml };
    });
}

function withMetrics(run: RunSummary, keys: readonly string[]): RunSummary {
  const kept = keys.filter((key) => key in run.metrics).map((key) => [key, run.metrics[key]]);
  return { ...run, metrics: Object.fromEntries(kept) as RunSummary['metrics'] };
}

/** @throws AdjointError `bad-request` */
function clockOf(name: string): Clock {
  const clock = clocks.find((known): known is Clock => known === name);
  if (clock) return clock;
  throw new AdjointError('bad-request', `There is no clock "${name}".`, { fix: `Clocks are ${clocks.join(', ')}.` });
}
