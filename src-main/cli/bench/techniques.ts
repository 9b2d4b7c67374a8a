import { Command } from 'commander';
import { AdjointError } from '@shared/errors';
import { Generator } from '@shared/random/generator';
import { median } from '@shared/statistics/summary';
import { dc3 } from '../../modelling/families/dc3';
import type { QcqpInstances } from '../../modelling/families/family';
import { generateQcqp, qcqpSettings } from '../../modelling/families/qcqp';
import { traitsOf } from '../../modelling/traits';
import type { Device } from '../../numerics/devices/device';
import { loadDevice } from '../../numerics/devices/ladder';
import { bindTechnique } from '../../training/bound';
import { resolveDefaults } from '../../training/experimentSchema';
import { projectionLayer } from '../../training/techniques/hostPool/projectionLayer';
import { techniques } from '../../training/techniques/registry';
import { action, type CommonOptions, printJson, printLine, withCommonOptions } from '../context';
import { medians, type PeerAnswer, ratiosTo, timePass, timePasses } from './passes';
import { Peer } from './peer';
import { largestDifference, nearLeastNorm } from './points';
import { ms, positive } from './text';
import { trainingSteps } from './trainingStep';

interface Options extends CommonOptions {
  rows: string[];
  only: string[];
  batch: number;
  threads: number;
  repeats: number;
  peer?: string;
}

const families: Record<string, (instances: number) => QcqpInstances> = {
  curved: (instances) => generateQcqp(qcqpSettings.parse({ n: 100, m: 50, e: 50, instances, seed: 2025 })),
  affine: (instances) => dc3.draw(dc3.settings.parse({ n: 100, m: 50, e: 50, instances, seed: 2025 })),
};

/** A list with commas of which every entry is one of `known`. */
const listOf = (known: readonly string[]) => (text: string) =>
  text.split(',').map((name) => {
    if (known.includes(name)) return name;
    throw new AdjointError('bad-request', `“${name}” is none of ${known.join(', ')}.`);
  });

/** The soft penalty is what the others are beside. */
const kinds = techniques.map(({ kind }) => kind as string).filter((kind) => kind !== 'softPenalty');

export function techniquesBench(): Command {
  return withCommonOptions(
    new Command('techniques').description(
      'A training step of every other technique beside that of the soft penalty, n = 100, m = 50, e = 50, MLP 50-200-200-100 with relu, Adam, settings as they are by default.',
    ),
  )
    .option('--rows <list>', 'curved (QCQP), affine (DC3’s QP), or both', listOf(Object.keys(families)), [
      'curved',
      'affine',
    ])
    .option('--only <list>', 'techniques, separated by commas; all if absent', listOf(kinds), kinds)
    .option('--batch <size>', 'instances', positive, 64)
    .option('--threads <count>', 'threads of the device', positive, 1)
    .option('--repeats <count>', 'timed steps of each, of which the median counts', positive, 15)
    .option(
      '--peer <command>',
      'measures the convex projection layer of another program in alternation, such as "python scripts/peers/projection_layer.py"',
    )
    .action(action((options: Options) => benchTechniques(options)));
}

const [warmUps, penaltyWarmUps, penaltySteps] = [15, 50, 60];
type Rows = keyof typeof families;

async function benchTechniques({ rows, only, batch, threads, repeats, peer, json }: Options): Promise<void> {
  const device = await loadDevice('simd64', { threads });
  const say = (row: object, text: string) => (json ? printJson(row) : printLine(text));
  try {
    for (const kind of rows) {
      const instances = families[kind](batch);
      const bench = new TechniquesBench(device, kind, instances, batch, repeats);
      for (const technique of only) {
        const row = await bench.measure(technique);
        say(row, describe(row));
      }
      if (peer === undefined) continue;
      const row = await benchProjection(kind, instances, batch, repeats, peer);
      say(
        row,
        `${kind} rows, projection: ${ms(row.fwd_bwd_s)}, ${row.peer} ${ms(row.peer_s)}: ${row.ratio.toFixed(1)} times faster`,
      );
    }
  } finally {
    device.dispose();
  }
}

type Row = Awaited<ReturnType<TechniquesBench['measure']>>;

function describe(row: Row): string {
  const head = `${row.rows} rows, ${row.technique}`;
  if (row.refused !== undefined) return `${head}: does not apply, ${row.refused}`;
  const layer = row.layer_s > 0 ? `, of which the layer ${ms(row.layer_s)}` : '';
  return `${head}: ${ms(row.s)} a step${layer}; ${row.ratio.toFixed(2)} times the soft penalty’s ${ms(row.penalty_s)} (${row.cpu_ratio.toFixed(2)} in processor time)`;
}

class TechniquesBench {
  readonly #device: Device;
  readonly #rows: Rows;
  readonly #problem: QcqpInstances['family'];
  readonly #batch: number;
  readonly #repeats: number;

  constructor(device: Device, rows: Rows, { family }: QcqpInstances, batch: number, repeats: number) {
    this.#device = device;
    this.#rows = rows;
    this.#problem = family;
    this.#batch = batch;
    this.#repeats = repeats;
  }

  /** Steps of the technique between steps of the soft penalty, so that both have met the same machine. */
  async measure(kind: string) {
    const about = { what: 'technique', rows: this.#rows, technique: kind, batch: this.#batch };
    const { technique, settings } = bindTechnique(resolveDefaults({ dataset: 'none', technique: { kind } }).technique);
    const refused = technique.refusal?.(settings, traitsOf(this.#problem)) ?? undefined;
    if (refused !== undefined) return { ...about, refused } as const;
    const before = await this.#steps({ kind: 'softPenalty' }, penaltyWarmUps, penaltySteps);
    const own = await this.#steps({ kind }, warmUps, this.#repeats);
    const penalty = [...before, ...(await this.#steps({ kind: 'softPenalty' }, penaltyWarmUps, penaltySteps))];
    const of = (key: 'seconds' | 'cpuSeconds', steps: typeof own) => median(steps.map((step) => step[key]));
    const metric = (key: string) => median(own.map(({ metrics }) => metrics[key] ?? 0));
    return {
      ...about,
      refused,
      threads: this.#device.threads,
      ...{ s: of('seconds', own), cpu_s: of('cpuSeconds', own) },
      ...{ penalty_s: of('seconds', penalty), penalty_cpu_s: of('cpuSeconds', penalty) },
      ratio: of('seconds', own) / of('seconds', penalty),
      cpu_ratio: of('cpuSeconds', own) / of('cpuSeconds', penalty),
      layer_s: (metric('time/inner_forward') + metric('time/inner_backward')) / 1000,
      ...{ inner_iterations: metric('inner/iterations'), inner_failed: metric('inner/failed') },
    } as const;
  }

  #steps(technique: object, warmUps: number, repeats: number) {
    const [device, problem, batch] = [this.#device, this.#problem, this.#batch];
    return trainingSteps({ device, problem, technique, batch, warmUps, repeats });
  }
}

/** The projection of A⁺x + .3 N(0, I), forward and backward, beside that of a peer with the same points and the same dℓ/dy. */
async function benchProjection(rows: Rows, instances: QcqpInstances, size: number, repeats: number, command: string) {
  const { family, X } = instances;
  const { n, e, m } = family;
  const raw = nearLeastNorm(family, X, size);
  const cotangent = new Generator(11).standardNormals(size * n);
  const layer = projectionLayer(family);
  const peer = new Peer(command);
  try {
    const problem = { n, e, m, A: [...family.A], G: [...family.G], H: [...family.H], h: [...family.h] };
    const given = { ...problem, rows, size, raw: [...raw], x: [...X], cotangent: [...cotangent] };
    const about = await peer.ask<{ peer: string }>(given);
    const first = await peer.ask<PeerAnswer>({ withResult: true });
    const passes = await timePasses(
      () =>
        timePass(
          () => layer(raw, X, size),
          (batch) => batch.backward(cotangent),
        ),
      { warmUps, repeats },
      () => peer.ask<PeerAnswer>({}),
    );
    const { last } = passes;
    const [own, theirs] = [medians(passes.own), medians(passes.theirs)];
    return {
      ...{ what: 'projection', rows, batch: size, peer: about.peer, ...own },
      ...{ peer_fwd_s: theirs.fwd_s, peer_s: theirs.fwd_bwd_s, peer_cpu_s: theirs.cpu_s },
      ...ratiosTo(theirs, own),
      y_difference: largestDifference(last.forwards.y, first.y!),
      gradient_difference: largestDifference(last.backwards, first.gradient!),
    };
  } finally {
    peer.close();
  }
}
