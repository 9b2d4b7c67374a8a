import { dirname, join } from 'node:path';
import { problemText, toProblem } from '@shared/errors';
import { RunIndex } from '../store/runIndex';
import { openWorkspace } from '../store/workspace';
import type { Engine, EngineOptions } from './api';
import { DatasetCatalogue } from './datasetCatalogue';
import { EventHub } from './events';
import { Previewer } from './previewer';
import { makeRouter } from './router';
import { SeriesHub } from './seriesHub';
import { SparklineCache } from './sparklines';
import { readSettings } from './settings';
import { Supervisor } from './supervisor';

/**
 * Opens the workspace, takes its lock, finds its runs and serves the contract.
 * @throws AdjointError `locked` when another app has this workspace open, `not-writable`, `not-found`.
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const workspace = openWorkspace(options.workspace, { create: true });
  const lock = options.launcher === 'cli' ? null : workspace.lock();
  const index = new RunIndex(workspace);
  const events = new EventHub();
  const { spawner, runEntry, resources, log } = options;
  const supervisor = new Supervisor({
    workspace,
    index,
    events,
    spawner,
    runEntry,
    resources,
    slots: readSettings(workspace.path).slots,
    log,
    ownsQueue: lock !== null,
  });
  const series = new SeriesHub({
    open: (id) => workspace.run(id),
    live: (id) => supervisor.liveAttempt(id),
  });
  const sparklines = new SparklineCache(workspace, index);
  // Bundles of the same build lie beside each other.
  const previewer = new Previewer(join(dirname(runEntry), 'preview.mjs'));
  const places = { workspace: workspace.path, resources };
  const datasets = new DatasetCatalogue(places, previewer);
  supervisor.start();

  return {
    router: makeRouter({ options, workspace, places, index, supervisor, events, sparklines, previewer, datasets }),
    openSeries: (spec) => series.openSeries(spec),
    close: async (how) => {
      try {
        if (how === 'stop') await supervisor.stopAll();
      } catch (error) {
        log(problemText(toProblem(error)));
      }
      supervisor.stop();
      previewer.close();
      series.close();
      index.close();
      lock?.release();
    },
  };
}
