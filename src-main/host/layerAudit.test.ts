import { afterEach, beforeEach, expect, it } from 'vitest';
import { layerAuditSchema, layerPathSchema, type LayerAudit } from '@shared/layerAudit';
import { Office, type Desk } from './fixtures/desk';

let office: Office;
let desk: Desk;
beforeEach(async () => {
  office = new Office();
  desk = await office.open();
});
afterEach(() => office.dispose());

const source = { kind: 'dataset' as const, dataset: 'qcqp-n20', hidden: [8] };

it('audits every backward mode of the layer behind an untrained network, in parts', async () => {
  const ask = { source, instances: 3, iterations: [1, 30], anchorWeights: [0, 0.5] };
  const parts: LayerAudit[] = [];
  for await (const part of await desk.client.layer.audit(ask)) parts.push(layerAuditSchema.parse(part));
  const last = parts.at(-1)!;
  expect([last.done, last.total]).toEqual([28, 28]);
  expect(last.dims).toEqual({ n: 20, e: 10, rows: 10 });
  for (const { differences } of last.references) expect(differences).toBeLessThan(1e-5);
  const cell = (mode: string, backward: string, iterations: number, weight: number) =>
    last.cells.find(
      (one) =>
        one.mode === mode && one.backward === backward && one.iterations === iterations && one.anchorWeight === weight,
    )!;
  expect(cell('anchored', 'unroll', 30, 0.5).relativeError).toBeLessThan(1e-8);
  expect(cell('anchored', 'implicit', 30, 0).refused).toContain('exactly zero');
  expect(cell('project', 'unroll', 1, 0.5).violation).toBeLessThan(1e-8);
});

it('follows one instance through its inner iterations', async () => {
  const path = await desk.client.layer.path({ source, mode: 'project', iterations: 4, anchorWeight: 0.1, instance: 2 });
  expect(layerPathSchema.parse(path)).toEqual(path);
  expect(path.iterates.filter(({ phase }) => phase === 'inner')).toHaveLength(5);
  expect(path.status).toBe('restoration converged');
  expect(path.iterates.at(-1)!.violation).toBeLessThan(1e-8);
});

it('refuses a run that is not there and an instance that is not there, by name', async () => {
  await expect(desk.client.layer.path({ source: { kind: 'run', id: 'none' } })).rejects.toMatchObject({
    data: { code: 'not-found' },
  });
  await expect(desk.client.layer.path({ source, instance: 10_000 })).rejects.toMatchObject({
    data: { code: 'not-found', where: 'instance' },
  });
});
