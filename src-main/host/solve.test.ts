import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Office, type Desk } from './fixtures/desk';

let office: Office;
let desk: Desk;

beforeEach(async () => {
  office = new Office();
  desk = await office.open();
});
afterEach(() => office.dispose());

describe('solving what is looked at', () => {
  it('takes cases, instances of datasets, and files', async () => {
    const { cases } = await desk.client.solve.cases();
    expect(cases.map(({ name }) => name)).toContain('degenerate-kink');
    const instance = await desk.client.solve.run({ source: { kind: 'instance', dataset: 'qcqp-n20', instance: 3 } });
    const shown = await desk.client.datasets.preview({ name: 'qcqp-n20', instances: [3] });
    expect(instance.status).toBe('optimal');
    expect(instance.objective).toBeCloseTo(shown.instances[0].objective, 9);
    const active = instance.rows.filter(({ kind, state }) => kind === 'inequality' && state === 'active');
    expect(active.map(({ index }) => index)).toEqual(shown.instances[0].activeRows);

    const folder = mkdtempSync(join(tmpdir(), 'adjoint-solve-'));
    const path = join(folder, 'mine.json');
    writeFileSync(path, JSON.stringify({ format: 'matrix-problem/1', n: 1, Q: [[2]], p: [-2] }));
    const report = await desk.client.solve.run({ source: { kind: 'file', path } });
    expect(report).toMatchObject({ name: 'mine', y: [1], objective: -1 });
    rmSync(folder, { recursive: true });
    await expect(desk.client.solve.run({ source: { kind: 'file', path } })).rejects.toMatchObject({
      data: { code: 'not-found', where: path },
    });
    await expect(desk.client.solve.run({ source: { kind: 'case', name: 'none' } })).rejects.toMatchObject({
      data: { code: 'not-found' },
    });
  });

  it('happens in a thread: the engine answers meanwhile, and a newer question takes the place of an older one', async () => {
    const slow = desk.client.solve.audit({ source: { kind: 'case', name: 'qcqp-n100' }, key: 'page' });
    const refused = expect(slow).rejects.toMatchObject({ data: { code: 'conflict' } });
    const began = performance.now();
    await desk.client.app.info();
    expect(performance.now() - began).toBeLessThan(1000);
    const newer = desk.client.solve.audit({ source: { kind: 'case', name: 'degenerate-kink' }, key: 'page' });
    await refused;
    expect((await newer).data.length).toBeGreaterThan(0);
  });
});
