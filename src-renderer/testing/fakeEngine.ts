import type { AppEvent, AppInfo, DeviceInfo, Queue, RunDetail } from '@shared/contract';
import type { Problem } from '@shared/errors';
import type { StreamRequest } from '@shared/frames';
import { metricCatalogue, metricDefinition } from '@shared/metrics/catalogue';
import type { RunState, RunSummary } from '@shared/run';
import type { Wire } from '../stores/connection';
import { FakeBilevel } from './fakeBilevel';
import { FakeDiagnostics } from './fakeDiagnosis';
import { FakeComparisons } from './fakeComparisons';
import { FakeProblems } from './fakeProblems';
import { FakeSolve } from './fakeSolve';
import { FakeStudies } from './fakeStudies';
import { fakeValue, stepsPerEpoch } from './fakeCurves';
import { groupFrame, seriesFrame } from './fakeFrames';

/**
 * An engine without processes, for component tests and for looking at the renderer alone: runs with made-up but
 * plausible curves, some of them growing. Everything follows from a seed.
 */
export interface FakeEngineOptions {
  runs?: number;
  /** How many of them are at work. */
  live?: number;
  /** Samples of a finished run. */
  samples?: number;
  /** Answer nothing: pages stay in their loading state. */
  silent?: boolean;
  lost?: boolean;
}

const states: RunState[] = [
  'done',
  'done',
  'done',
  'failed',
  'done',
  'crashed',
  'done',
  'cancelled',
  'done',
  'done',
  'paused',
  'queued',
];

const problems: Partial<Record<RunState, Problem>> = {
  failed: {
    code: 'diverged',
    what: 'The loss is no longer finite at step 3 412.',
    where: 'loss, step 3412',
    fix: 'Lower optimizer.learningRate or clip the gradient, then resume from the last checkpoint.',
  },
  crashed: {
    code: 'run-crashed',
    what: 'The run process was killed (SIGKILL).',
    where: 'process 48213',
    fix: 'Nothing acknowledged was lost. Resume it from its last checkpoint.',
  },
};

export class FakeEngine {
  readonly runs = new Map<string, RunSummary>();
  readonly trashed = new Map<string, RunSummary>();
  readonly comparisons = new FakeComparisons(this.runs);
  readonly studies = new FakeStudies();
  readonly solve = new FakeSolve();
  readonly bilevel = new FakeBilevel();
  readonly diagnostics = new FakeDiagnostics();
  readonly problems = new FakeProblems(({ name }) => this.addGeneration(name));
  readonly calls: { name: string; input: unknown }[] = [];
  readonly wire: Wire;
  private readonly listeners = new Set<(event: AppEvent) => void>();
  private readonly stateListeners = new Set<Parameters<Wire['onState']>[0]>();
  private readonly options: Required<FakeEngineOptions>;
  /** Refuse every action on runs with this. */
  refuse: Problem | null = null;
  private slots = 2;
  private readonly lost: Problem = {
    code: 'disconnected',
    what: 'The connection to the engine was lost.',
    fix: 'Runs go on. The window reconnects by itself.',
  };

  constructor(options: FakeEngineOptions = {}) {
    this.options = { runs: 24, live: 2, samples: 4000, silent: false, lost: false, ...options };
    for (let i = 0; i < this.options.runs; i++) this.add(i);
    this.wire = this.makeWire();
  }

  emit(event: AppEvent): void {
    if (event.type === 'run') this.runs.set(event.run.id, event.run);
    for (const listener of this.listeners) listener(event);
  }

  change(id: string, change: Partial<RunSummary>): void {
    const run = this.runs.get(id);
    if (run) this.emit({ type: 'run', run: { ...run, ...change } });
  }

  /** Advances the live runs, as an engine would by its events. */
  advance(steps: number): void {
    for (const run of this.runs.values()) {
      if (run.state !== 'running' || !run.progress) continue;
      const done = Math.min(run.progress.total, run.progress.done + steps);
      const secondsLeft = (run.progress.total - done) / 70;
      this.change(run.id, {
        activeSeconds: done / 70,
        progress: { ...run.progress, done, secondsLeft },
        metrics: this.metricsAt(Number(run.id.slice(4)), done, run.progress.total),
        ...(done >= run.progress.total ? { state: 'done' as const } : {}),
      });
    }
    this.emit({ type: 'queue', queue: this.queue() });
  }

  queue(): Queue {
    const inState = (state: RunState) =>
      [...this.runs.values()].filter((run) => run.state === state).map(({ id }) => id);
    return {
      slots: this.slots,
      running: inState('running'),
      waiting: inState('queued'),
      paused: inState('paused'),
      secondsLeft: 754,
    };
  }

  private metricsAt(index: number, done: number, total: number): RunSummary['metrics'] {
    if (done < 2) return {};
    return Object.fromEntries(
      metricCatalogue.map(({ key, clock }) => {
        const step = clock === 'step' ? done - 1 : Math.floor((done - 1) / stepsPerEpoch) * stepsPerEpoch;
        const last = fakeValue(index, key, step, total);
        return [
          key,
          {
            last,
            min: last * 0.9,
            max: last * 3,
            count: clock === 'step' ? done : Math.ceil(done / stepsPerEpoch),
            tailMean: last,
            area: last * done,
          },
        ];
      }),
    );
  }

  private add(i: number): void {
    const id = `run-${String(i).padStart(4, '0')}`;
    const total = this.options.samples;
    const state: RunState = i < this.options.live ? 'running' : states[i % states.length];
    const done = state === 'done' ? total : state === 'queued' ? 0 : Math.floor(total * (0.35 + (i % 5) * 0.1));
    const weight = [1, 10, 100][i % 3];
    const learningRate = [1e-3, 3e-4][Math.floor(i / 3) % 2];
    const createdAt = new Date(Date.UTC(2026, 10, 23, 3) - i * 1_700_000).toISOString();
    this.runs.set(id, {
      id,
      name: `soft penalty λ=${weight}`,
      kind: 'training',
      state,
      pending: null,
      createdAt,
      startedAt: state === 'queued' ? null : createdAt,
      endedAt: state === 'done' ? createdAt : null,
      activeSeconds: done / 70,
      progress: state === 'queued' ? null : { done, total, unit: 'steps', rate: 71.3, secondsLeft: (total - done) / 70 },
      attempts: state === 'queued' ? 0 : 1 + (i % 4 === 1 ? 1 : 0),
      device: state === 'queued' ? null : 'simd64',
      seed: i % 5,
      tags: i % 4 === 0 ? ['baseline'] : i % 7 === 0 ? ['sweep', 'paper'] : [],
      notes: i === 0 ? 'First try with the constant schedule.' : '',
      group: i % 6 < 3 ? 'λ sweep' : null,
      dataset: 'qcqp-n20',
      sweep: null,
      settings: {
        kind: 'training',
        'dataset.name': 'qcqp-n20',
        'network.kind': 'mlp',
        'network.width': 200,
        'network.depth': 2,
        'optimizer.kind': i % 8 === 5 ? 'adamw' : 'adam',
        'optimizer.learningRate': learningRate,
        'technique.kind': 'softPenalty',
        'technique.weight': weight,
        'training.batchSize': 200,
        'training.epochs': total / stepsPerEpoch,
        seed: i % 5,
      },
      metrics: this.metricsAt(i, done, total),
      error: problems[state] ?? null,
      damage: i === 5 ? ['step/000003.arrow: cut 412 rows after the last good batch at byte 1 048 576', 'attempts/1/state.json: missing, rebuilt from the segments'] : [],
      resumable: ['failed', 'crashed', 'cancelled', 'paused'].includes(state),
    });
  } // prettier-ignore

  /** A run that generates a dataset, a third of the way. */
  addGeneration(name: string): string {
    const id = `run-${String(this.runs.size).padStart(4, '0')}`;
    this.add(this.runs.size);
    const run = this.runs.get(id)!;
    const progress = { done: 1500, total: 5000, unit: 'labels', rate: 712, secondsLeft: 4.9 };
    this.emit({ type: 'run', run: { ...run, kind: 'dataset', name, state: 'running', error: null, dataset: null, damage: [], metrics: {}, progress, settings: { kind: 'dataset', name } } });
    return id;
  } // prettier-ignore

  private yaml(run: RunSummary): string {
    const { settings } = run;
    return [
      'adjoint: 1', `name: ${run.name}`, 'kind: training', 'dataset:', '  name: qcqp-n20', 'network:', '  kind: mlp', '  width: 200', '  depth: 2', '  activation: relu',
      'optimizer:', `  kind: ${settings['optimizer.kind']}`, `  learningRate: ${settings['optimizer.learningRate']} # per step`, '  beta1: 0.9', 'technique:', '  kind: softPenalty', `  weight: ${settings['technique.weight']}`,
      'training:', '  batchSize: 200', `  epochs: ${settings['training.epochs']}`, '  checkpointEvery: 500', `seed: ${run.seed}`, 'device: simd64', '',
    ].join('\n');
  } // prettier-ignore

  private detail(run: RunSummary): RunDetail {
    const recorded: Record<string, string[]> = {};
    for (const key of Object.keys(run.metrics)) (recorded[metricDefinition(key).clock] ??= []).push(key);
    const done = run.progress?.done ?? 0;
    const checkpoints = Array.from({ length: Math.floor(done / 500) }, (_, k) => ({
      file: `${String((k + 1) * 500).padStart(8, '0')}.ckpt`, step: (k + 1) * 500, epoch: ((k + 1) * 500) / stepsPerEpoch, bytes: 412_334, at: run.createdAt, valid: true,
    })); // prettier-ignore
    const attempt = (number: number) => ({
      attempt: number, resumedFrom: number > 1 ? { checkpoint: '00001000.ckpt', step: 1000 } : null, pid: 48_213, startedAt: run.createdAt, host: 'laptop', platform: 'linux x64',
      cpu: { model: 'AMD EPYC', cores: 2, simd: 'avx2', load: 0.4 }, node: '24.21.0', device: { name: 'simd64', dtype: 'float64' as const, threads: 1, detail: 'SIMD float64' }, packages: {},
      phase: run.state === 'running' ? 'running' : run.state === 'paused' ? 'paused' : run.state === 'done' ? 'done' : 'failed',
      endedAt: run.endedAt, error: run.error, activeSeconds: run.activeSeconds,
    }); // prettier-ignore
    return {
      summary: run,
      manifest: {
        format: 'adjoint-run/1', id: run.id, name: run.name, kind: run.kind, createdAt: run.createdAt,
        experiment: { name: run.name, kind: 'training', network: { kind: 'mlp', width: 200, depth: 2 }, optimizer: { kind: run.settings['optimizer.kind'], learningRate: run.settings['optimizer.learningRate'] }, technique: { kind: 'softPenalty', weight: run.settings['technique.weight'] }, seed: run.seed },
        source: this.yaml(run), seed: run.seed, dataset: { name: 'qcqp-n20', path: 'datasets/qcqp-n20.npz', sha256: 'a4f1c0de'.repeat(8) },
        code: { version: '0.1.0', commit: '315924ab0c' }, launch: 'queue', clonedFrom: run.id === 'run-0001' ? 'run-0000' : null, sweep: run.sweep,
      },
      annotations: { name: run.name, tags: run.tags, notes: run.notes },
      attempts: Array.from({ length: run.attempts }, (_, k) => attempt(k + 1)),
      checkpoints,
      recorded,
      vectors: {},
      changed: ['optimizer.learningRate', 'technique.weight', 'seed'],
      directory: `/home/researcher/adjoint/runs/${run.id}`,
      bytes: 18_400_000,
      yaml: this.yaml(run),
    }; // prettier-ignore
  }

  private makeWire(): Wire {
    const handlers = this.handlers();
    const call = async (name: string, input: unknown): Promise<unknown> => {
      this.calls.push({ name, input });
      if (this.options.silent) return new Promise(() => undefined);
      const handler = handlers[name] ?? this.comparisons.handlers[name] ?? this.problems.handlers[name] ?? this.solve.handlers[name] ?? this.studies.handlers[name] ?? this.bilevel.handlers[name] ?? this.diagnostics.handlers[name];
      if (!handler) throw new Error(`the fake engine does not know ${name}`);
      return handler((input ?? {}) as Input);
    };
    const client = new Proxy({}, { get: (_, group: string) => new Proxy({}, { get: (__, name: string) => (input: unknown) => call(`${group}.${name}`, input) }) });
    const subscribe: Wire['frames']['subscribe'] = (spec, onFrame, onEnd) => this.subscribe(spec, onFrame, onEnd);
    return {
      client: client as Wire['client'],
      frames: { subscribe },
      state: this.options.lost ? 'lost' : 'open',
      problem: this.options.lost ? this.lost : null,
      onState: (listener) => {
        this.stateListeners.add(listener);
        return () => this.stateListeners.delete(listener);
      },
      onEvent: (listener) => {
        this.listeners.add(listener);
        if (!this.options.silent) listener({ type: 'queue', queue: this.queue() });
        return () => this.listeners.delete(listener);
      },
      retry: () => undefined,
      restart: null,
    };
  } // prettier-ignore

  setConnection(state: Wire['state']): void {
    for (const listener of this.stateListeners) listener(state, state === 'lost' ? this.lost : null);
  }

  private handlers(): Record<string, (input: Input) => unknown> {
    const ok = { refused: [] };
    const each = (ids: string[], change: (run: RunSummary) => Partial<RunSummary>) => {
      const { refuse } = this;
      if (refuse) return { refused: ids.map((id) => ({ id, problem: refuse })) };
      for (const id of ids) {
        const run = this.runs.get(id);
        if (run) this.change(id, change(run));
      }
      return ok;
    };
    const example = this.yaml({ ...[...this.runs.values()][0], name: 'demo', seed: 0, settings: { 'optimizer.kind': 'adam', 'optimizer.learningRate': 0.001, 'technique.weight': 10, 'training.epochs': 80 } } as RunSummary);
    return {
      'figures.save': () => ({ id: 'figure', files: [] }),
      'app.info': (): AppInfo => ({ version: '0.1.0', commit: '315924ab0c', launcher: 'serve', workspace: '/home/researcher/adjoint', platform: 'linux x64', node: '24.21.0', cpu: { model: 'AMD EPYC 7R13', cores: 2 }, spawner: 'child processes of Node 24.21.0' }),
      'app.devices': (): DeviceInfo[] => [
        { name: 'tensorflow', label: 'TensorFlow', dtype: 'float32', available: false, detail: 'The package @tensorflow/tfjs-node is not installed.', isDefault: false },
        { name: 'webgpu', label: 'WebGPU (Dawn)', dtype: 'float32', available: false, detail: 'The package webgpu is not installed.', isDefault: false },
        { name: 'simd64', label: 'SIMD float64', dtype: 'float64', available: true, detail: 'AMD EPYC 7R13, relaxed SIMD, 2 threads.', isDefault: true },
        { name: 'wasm', label: 'TensorFlow.js WebAssembly', dtype: 'float32', available: true, detail: 'SIMD, one thread.', isDefault: false },
      ],
      'methods.list': () => [{ family: 'outerAlgorithm', kind: 'ssigd', title: 'SSIGD', summary: 'Smoothed.', reference: null, metrics: [], settings: {} }, { family: 'experiment', kind: 'training', title: 'Training', summary: '', reference: null, metrics: [], settings: { properties: { optimizer: { properties: { learningRate: { type: 'number', default: 0.001 } } }, technique: { properties: { weight: { type: 'number', default: 10 } } }, seed: { default: 0 } } } }],
      'experiments.examples': () => [{ name: 'demo', title: 'Soft penalty on a QCQP', yaml: example }, { name: 'sweep', title: 'λ against gap and violation', yaml: example }],
      'experiments.validate': ({ yaml = '' }) => ({
        findings: yaml.includes('learingRate') ? [{ path: 'optimizer.learingRate', message: 'Unknown key.', line: yaml.split('\n').findIndex((line) => line.includes('learingRate')) + 1, suggestion: 'learningRate' }] : [],
        resolved: yaml.includes('learingRate') ? null : { name: 'demo', kind: 'training', optimizer: { kind: 'adam', learningRate: 0.0003 }, technique: { kind: 'softPenalty', weight: 100 }, seed: 0 },
      }),
      'runs.list': ({ trash }) => [...(trash ? this.trashed : this.runs).values()],
      'runs.get': ({ id = '' }) => {
        const run = this.runs.get(id);
        if (!run) throw new Error('There is no such run.');
        return this.detail(run);
      },
      'sweeps.preview': () => ({ findings: [], plan: { id: 'trade-off-1', name: 'Trade-off', axes: [{ path: 'technique.lambda', values: [1, 10, 100] }], points: 3, repeats: 2, runs: 6, kept: 0, resumed: 0, created: 6, secondsLeft: 754 } }),
      'sweeps.create': () => ({ id: 'trade-off-1', created: [...this.runs.keys()].slice(0, 6), resumed: [], kept: [], refused: [] }),
      'runs.datasetNow': () => ({ dataset: 'qcqp-n20', state: 'same' }),
      'runs.create': () => ({ ids: [[...this.runs.keys()][0]] }),
      'runs.pause': ({ ids = [] }) => each(ids, () => ({ state: 'paused' })),
      'runs.resume': ({ ids = [] }) => each(ids, () => ({ state: 'running', error: null })),
      'runs.cancel': ({ ids = [], force }) => each(ids, () => (force ? { state: 'cancelled', pending: null } : { pending: 'cancel' })),
      'runs.annotate': () => ({}),
      'runs.trash': ({ ids = [] }) => {
        for (const id of ids) {
          const run = this.runs.get(id);
          if (run) this.trashed.set(id, run);
          this.runs.delete(id);
        }
        return ok;
      },
      'runs.restore': () => ok,
      'runs.purge': () => ok,
      'runs.log': ({ offset = -1 }) => {
        const text = Array.from({ length: 200 }, (_, k) => `03:${String(10 + Math.floor(k / 60)).padStart(2, '0')}:${String(k % 60).padStart(2, '0')}.412 ${k === 120 ? 'warning  the gradient norm is 40 times its median' : k === 180 ? 'error    the loss is no longer finite at step 3412' : `info     epoch ${k}  loss ${(40 / (k + 1)).toFixed(4)}  gap ${(0.4 / (k + 1)).toFixed(5)}`}`).join('\n') + '\n';
        return offset < 0 ? { text, offset: 0, end: text.length } : { text: '', offset, end: text.length };
      },
      'runs.sparklines': ({ ids = [], metric = '', points = 40 }) => Object.fromEntries(ids.map((id) => [id, Array.from({ length: points }, (_, k) => fakeValue(Number(id.slice(4)), metric, k * 100, points * 100))])),
      'runs.exportSeries': ({ metrics = [] }) => ({ name: 'run.csv', csv: `sequence,step,epoch,activeSeconds,wallTime,${metrics.join()}\n0,0,0,0,0,1\n`, rows: 1 }),
      'queue.get': () => this.queue(),
      'queue.setSlots': ({ slots = 1 }) => {
        this.slots = slots;
        return this.queue();
      },
    };
  } // prettier-ignore

  private subscribe(
    spec: StreamRequest,
    onFrame: (payload: Uint8Array) => void | Promise<void>,
    onEnd?: () => void,
  ): () => void {
    let stopped = false;
    let sent = -1;
    const ids = spec.kind === 'group' ? spec.runs : [spec.run];
    const send = async (): Promise<void> => {
      if (stopped || this.options.silent) return;
      const members = ids.map((id) => {
        const { total = 1, done = 0 } = this.runs.get(id)?.progress ?? {};
        return { index: Number(id.slice(4)), done, total };
      });
      const done = members.reduce((sum, member) => sum + member.done, 0);
      const [{ index, total }] = members;
      if (done !== sent)
        await onFrame(spec.kind === 'group' ? groupFrame(members, spec) : seriesFrame(index, spec, done, total));
      sent = done;
      if (ids.some((id) => this.runs.get(id)?.state === 'running')) setTimeout(() => void send(), 60);
      else onEnd?.();
    };
    setTimeout(() => void send(), 20);
    return () => (stopped = true);
  }
}

interface Input {
  ids?: string[];
  id?: string;
  trash?: boolean;
  force?: boolean;
  yaml?: string;
  slots?: number;
  offset?: number;
  metric?: string;
  points?: number;
  metrics?: string[];
}
