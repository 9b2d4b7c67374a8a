import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '@shared/run';
import { loadDevice } from '../numerics/devices/ladder';
import { resolveDefaults } from '../training/experimentSchema';
import reference from '../training/fixtures/trajectories.json' with { type: 'json' };
import { trainingJob } from './trainingJob';

const dataPath = fileURLToPath(new URL('../../resources/datasets/qcqp-n20.npz', import.meta.url));
const { seed, hidden, batchSize, epochs, microBatches, cases } = reference;

const named = cases.map((expected) => {
  const { network, technique, optimizer } = expected.settings as Record<string, Record<string, unknown>>;
  const kindOf = (value: unknown) => (value as { kind?: string } | undefined)?.kind ?? 'constant';
  const parts = [technique.kind, `λ ${kindOf(technique.lambda)}`, Object.keys(network ?? {}).join(' and ') || 'plain'];
  return { name: [...parts, optimizer.kind, `rate ${kindOf(optimizer.schedule)}`].join(', '), expected };
});

/** Errors of one step are carried on by the next ones, eight in all. */
const devices = [
  { name: 'wasm', device: await loadDevice('wasm'), tolerance: 1e-4 },
  { name: 'simd64', device: await loadDevice('simd64'), tolerance: 1e-9 },
];

const numbers = (value: unknown): number[] =>
  typeof value === 'number' ? [value] : Array.from(value as ArrayLike<number>);

describe.each(devices)('the first epochs of a run on $name are those that numpy computes from file and seed', (on) => {
  const { device, tolerance } = on;
  it.each(named)('$name', async ({ expected }) => {
    const { network = {}, ...methods } = expected.settings as { network?: object };
    const experiment = resolveDefaults({
      dataset: 'qcqp-n20',
      seed,
      network: { kind: 'mlp', hidden, ...network },
      training: { epochs, batchSize, microBatches, gradientsEvery: 1 },
      ...methods,
    });
    const manifest = { experiment } as unknown as Manifest;
    const job = await trainingJob.create(
      { ...{ device, dataPath, threads: 1, labelsEntry: '', workspace: undefined, log: () => undefined }, manifest },
      null,
    );
    const found: Record<string, Record<string, unknown>[]> = { step: [], epoch: [] };
    while (found.epoch.length < expected.epochs.length) await job.advance((clock, row) => found[clock].push(row));
    job.dispose();
    expect(found.step).toHaveLength(expected.steps.length);
    const pairs = [...expected.steps.entries()].map(([i, row]) => ({ at: `step ${i}`, row, own: found.step[i] }));
    for (const [i, row] of expected.epochs.entries())
      pairs.push({ at: `epoch ${i}`, row, own: found.epoch[i] } as never);
    for (const { at, row, own } of pairs)
      for (const [key, value] of Object.entries(row)) {
        const [wanted, got] = [numbers(value), numbers(own[key])];
        expect(got, `${key} at ${at}`).toHaveLength(wanted.length);
        wanted.forEach((v, j) =>
          expect(
            Math.abs(got[j] - v) / Math.max(1, Math.abs(v)),
            `${key} at ${at}: ${got[j]}, numpy ${v}`,
          ).toBeLessThan(tolerance),
        );
      }
  });
});
