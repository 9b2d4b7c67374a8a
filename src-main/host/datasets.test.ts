import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDataset, writeDataset } from '../store/dataset';
import { Office, problemOf, reach, reachStep, type Desk } from './fixtures/desk';

const small = { n: 20, m: 10, e: 10, instances: 200 };
let office: Office;
let desk: Desk;

beforeEach(async () => {
  office = new Office();
  desk = await office.open();
});
afterEach(() => office.dispose());

const inWorkspace = (...names: string[]) => join(office.workspace, 'datasets', ...names);

describe('families of problems', () => {
  it('come with forms, words and formulas', async () => {
    const families = await desk.client.problems.families();
    expect(families.map(({ kind }) => kind)).toEqual(['qcqp', 'fsnet', 'dc3', 'matrix']);
    for (const family of families) {
      expect(Object.keys(family.settings.properties as object)).toContain('instances');
      expect(family.formula).toContain('\\min_y');
    }
    expect(families[0].presets).toHaveLength(6);
  });

  it.each(['qcqp', 'fsnet', 'dc3'])('%s is previewed: sizes, spectrum, solved samples and a slice', async (family) => {
    const preview = await desk.client.problems.preview({ family, settings: { ...small, n: 24 }, instances: 3 });
    expect(preview.findings).toEqual([]);
    expect(preview.notes).toEqual([]);
    expect(preview.seconds).toBeGreaterThan(0);
    const view = preview.view!;
    expect(view.dims).toEqual({ n: 24, m: 10, e: 10, N: 200 });
    expect(view.quadraticRows).toBe(family !== 'dc3');
    expect(view.bounds).toBe(family === 'fsnet');
    expect(view.spectrum).toHaveLength(24);
    expect(view.instances.map(({ status }) => status)).toEqual(['optimal', 'optimal', 'optimal']);
    for (const { slacks, multipliers, activeRows, violation, gap } of view.instances) {
      expect(violation).toBeLessThanOrEqual(1e-10);
      expect(gap).toBeLessThanOrEqual(1e-9);
      // Complementarity: no multiplier where there is room.
      slacks.forEach((slack, i) => expect(Math.abs(slack * multipliers[i])).toBeLessThan(1e-9));
      activeRows.forEach((i) => expect(slacks[i]).toBeLessThan(1e-8));
    }
  });

  it('wrong settings are findings by path, and nothing is drawn', async () => {
    const wrong = async (settings: object) =>
      (await desk.client.problems.preview({ family: 'qcqp', settings: { ...settings } })).findings;
    expect(await wrong({ n: 0, tightnes: 2 })).toMatchObject([{ path: 'n' }, { path: 'tightnes' }]);
    expect(await wrong({ n: 10, e: 11 })).toMatchObject([{ path: 'e', message: /only 10 variables/ }]);
    expect(await wrong({ instances: 100_000_000, n: 1000 })).toMatchObject([
      { path: 'instances', message: /takes .* and .* are available: \d+ instances would fit/ },
    ]);
    expect(await wrong({ n: 1_000_000 })).toMatchObject([{ path: 'n', message: /do not fit/ }]);
  });

  it('a newer preview ends an older one, and the engine answers meanwhile', async () => {
    const slow = { family: 'qcqp', settings: { n: 300, m: 150, e: 100, instances: 3000 }, key: 'form' };
    const older = problemOf(desk.client.problems.preview(slow));
    const newer = desk.client.problems.preview({ family: 'dc3', settings: small, key: 'form' });
    const began = performance.now();
    await desk.client.app.info();
    expect(performance.now() - began).toBeLessThan(1000);
    expect(await older).toMatchObject({ code: 'conflict' });
    expect((await newer).view).not.toBeNull();
  });
});

describe('generating a dataset as a run', () => {
  it('goes through the queue and leaves a dataset with its provenance and good labels', async () => {
    const { ids } = await desk.client.datasets.generate({ family: 'fsnet', settings: small, name: 'mine' });
    expect((await reach(desk, ids[0], 'done')).progress).toMatchObject({ done: 200, total: 200, unit: 'labels' });
    const info = await desk.client.datasets.show({ name: 'mine' });
    expect(info).toMatchObject({
      family: 'fsnet',
      builtIn: false,
      dims: { n: 20, m: 10, e: 10, N: 200 },
      splits: { train: 140, valid: 20, test: 40 },
      problem: null,
      provenance: {
        intact: true,
        run: ids[0],
        seed: 2025,
        settings: { box: 5 },
        labels: { statuses: { optimal: 200 } },
      },
    });
    expect(info.labels).toMatchObject({ checked: 200 });
    expect(info.labels!.violation).toBeLessThanOrEqual(1e-10);
    expect(info.labels!.gap!).toBeLessThanOrEqual(1e-9);
    const detail = await desk.client.runs.get({ id: ids[0] });
    expect(detail.recorded.step).toContain('labels/gap_max');
    expect(detail.changed).toEqual(['family.n', 'family.m', 'family.e', 'family.instances']);
    // What the run shows as its experiment makes the same dataset again.
    const again = await desk.client.runs.create({ yaml: detail.yaml.replace('name: mine', 'name: again') });
    await reach(desk, again.ids[0], 'done');
    const { provenance } = await desk.client.datasets.show({ name: 'again' });
    expect(provenance!.sha256).toBe(info.provenance!.sha256);

    const view = await desk.client.datasets.preview({ name: 'mine', instances: [0, 199], sliceOf: 7 });
    expect(view.instances.map(({ instance }) => instance)).toEqual([0, 199]);
    for (const { label } of view.instances) expect(label!.distance).toBeLessThan(1e-9);
    expect(view.slice).toMatchObject({ instance: 7, size: 121 });

    expect(
      await problemOf(desk.client.datasets.generate({ family: 'dc3', settings: small, name: 'mine' })),
    ).toMatchObject({
      code: 'conflict',
    });
    expect(
      await problemOf(desk.client.datasets.generate({ family: 'qcqp', settings: { e: 200 }, name: 'no' })),
    ).toMatchObject({
      code: 'bad-request',
      where: 'e',
    });
  });

  it('an instance without a label ends the run and is named; leaving it out is a choice', async () => {
    const settings = { n: 20, m: 10, e: 16, instances: 60, tightness: 3 };
    const { ids } = await desk.client.datasets.generate({ family: 'qcqp', settings, name: 'tight' });
    const { error } = await reach(desk, ids[0], 'failed');
    expect(error).toMatchObject({ code: 'bad-request', what: expect.stringMatching(/Instance \d+ is infeasible/) });
    expect(existsSync(inWorkspace('tight.npz'))).toBe(false);
    const more = await desk.client.datasets.generate({ family: 'qcqp', settings, name: 'loose', failures: 'leaveOut' });
    await reach(desk, more.ids[0], 'done');
    const { provenance, dims } = await desk.client.datasets.show({ name: 'loose' });
    expect(dims.N).toBe(60 - provenance!.labels.leftOut.length);
    const { notes } = await desk.client.problems.preview({ family: 'qcqp', settings: { ...settings, tightness: 100 } });
    expect(notes.join()).toMatch(/primal infeasible/);
  });

  it('a damaged checkpoint is set aside, and labels are made from the one before or anew', async () => {
    const settings = { n: 60, m: 30, e: 20, instances: 800 };
    const { ids } = await desk.client.datasets.generate({
      family: 'qcqp',
      settings,
      name: 'torn',
      checkpointSeconds: 0.2,
    });
    await reachStep(desk, ids[0], 100);
    process.kill(office.processOf(ids[0], 1), 'SIGKILL');
    await reach(desk, ids[0], 'crashed');
    const folder = office.path(ids[0], 'checkpoints');
    for (const file of readdirSync(folder))
      writeFileSync(join(folder, file), readFileSync(join(folder, file)).subarray(0, -9));
    await desk.client.runs.resume({ ids });
    await reach(desk, ids[0], 'done');
    expect(readFileSync(office.path(ids[0], 'log.txt'), 'utf8')).toMatch(/cannot be used and is set aside/);
    expect((await desk.client.datasets.show({ name: 'torn' })).provenance).toMatchObject({ intact: true });
  }, 60_000);

  it('a file that takes its name meanwhile is not overwritten, and the labels are kept', async () => {
    const settings = { n: 60, m: 30, e: 20, instances: 800 };
    const { ids } = await desk.client.datasets.generate({ family: 'qcqp', settings, name: 'raced' });
    await reach(desk, ids[0], 'running');
    expect(
      await problemOf(desk.client.datasets.generate({ family: 'dc3', settings: small, name: 'raced' })),
    ).toMatchObject({
      code: 'conflict',
      where: ids[0],
    });
    writeFileSync(inWorkspace('raced.npz'), 'mine');
    expect((await reach(desk, ids[0], 'failed')).error).toMatchObject({ code: 'conflict' });
    expect(readFileSync(inWorkspace('raced.npz'), 'utf8')).toBe('mine');
    rmSync(inWorkspace('raced.npz'));
    await desk.client.runs.resume({ ids });
    await reach(desk, ids[0], 'done');
  }, 60_000);

  it('goes on from its partial labels after its process was killed, and gives the same arrays', async () => {
    const settings = { n: 60, m: 30, e: 20, instances: 1500 };
    const make = async (name: string) =>
      (await desk.client.datasets.generate({ family: 'qcqp', settings, name, checkpointSeconds: 0.2 })).ids[0];
    const id = await make('killed');
    await reachStep(desk, id, 100);
    process.kill(office.processOf(id, 1), 'SIGKILL');
    await reach(desk, id, 'crashed');
    expect(existsSync(inWorkspace('killed.npz'))).toBe(false);
    await desk.client.runs.resume({ ids: [id] });
    await reach(desk, id, 'done');
    expect(readFileSync(office.path(id, 'log.txt'), 'utf8')).toMatch(/[1-9]\d* labels are there already/);
    await reach(desk, await make('whole'), 'done');
    const digest = async (name: string) => (await desk.client.datasets.show({ name })).provenance!;
    expect((await digest('killed')).sha256).toBe((await digest('whole')).sha256);
  }, 60_000);
});

describe('datasets of others', () => {
  it('are checked and copied in; what does not check is refused and not copied', async () => {
    const from = join(office.workspace, 'brought.npz');
    copyFileSync(resolve('resources/datasets/qcqp-n20.npz'), from);
    expect(await desk.client.datasets.import({ path: from })).toEqual({
      name: 'brought',
      path: inWorkspace('brought.npz'),
    });
    const info = await desk.client.datasets.show({ name: 'brought' });
    expect(info).toMatchObject({ provenance: null, problem: null, labels: { checked: 200, gap: null } });
    expect(info.labels!.violation).toBeLessThan(1e-14);
    expect(await problemOf(desk.client.datasets.import({ path: from }))).toMatchObject({ code: 'conflict' });
    writeFileSync(from, readFileSync(from).subarray(0, 5000));
    expect(await problemOf(desk.client.datasets.import({ path: from, name: 'torn' }))).toMatchObject({
      code: 'invalid-dataset',
    });
    expect(await problemOf(desk.client.datasets.import({ path: '/etc/passwd' }))).toMatchObject({
      code: 'bad-request',
    });
    expect(readdirSync(inWorkspace())).toEqual(['brought.npz']);
    expect(await problemOf(desk.client.datasets.preview({ name: 'brought', instances: [200] }))).toMatchObject({
      code: 'bad-request',
      fix: 'The dataset has the instances 0 to 199.',
    });
  });

  it('with dependent rows of A, or with an x that no y answers, say so', async () => {
    const dataset = readDataset(resolve('resources/datasets/qcqp-n20.npz'));
    const A = dataset.A.slice();
    A.copyWithin(20, 0, 20);
    writeDataset(inWorkspace('singular.npz'), { ...dataset, A });
    expect(await problemOf(desk.client.datasets.preview({ name: 'singular' }))).toMatchObject({
      code: 'bad-request',
      what: 'A has 10 rows but only rank 9: some x have no y with Ay = x.',
    });
    const h = dataset.h.map(() => -100);
    writeDataset(inWorkspace('tight.npz'), { ...dataset, h });
    const { instances, slice, notes } = await desk.client.datasets.preview({ name: 'tight' });
    expect(instances[0].status).toBe('primal infeasible');
    expect(slice).toBeNull();
    expect(notes[0]).toContain('Instance 0 is primal infeasible');
  });

  it('go to the trash unless runs use them', async () => {
    const from = resolve('resources/datasets/qcqp-n20.npz');
    await desk.client.datasets.import({ path: from, name: 'used' });
    const yaml = 'dataset: used\ntraining: { epochs: 1000000 }\nnetwork: { kind: mlp, hidden: [8] }\ndevice: cpu\n';
    const { ids } = await desk.client.runs.create({ yaml });
    await reach(desk, ids[0], 'running');
    const trash = (force: boolean) => desk.client.datasets.trash({ name: 'used', force });
    expect(await problemOf(trash(true))).toMatchObject({ code: 'conflict', findings: [{ path: ids[0] }] });
    await desk.client.runs.cancel({ ids });
    await reach(desk, ids[0], 'cancelled');
    expect(await problemOf(trash(false))).toMatchObject({ code: 'conflict', findings: [{ path: ids[0] }] });
    const { path } = await trash(true);
    expect(existsSync(path)).toBe(true);
    expect((await desk.client.datasets.list()).map(({ name }) => name)).not.toContain('used');
    expect(await problemOf(desk.client.datasets.trash({ name: 'qcqp-n20' }))).toMatchObject({ code: 'bad-request' });
  });

  it('are trashed by their names: a path moves nothing, neither from elsewhere nor past the runs that use it', async () => {
    const elsewhere = join(office.workspace, 'elsewhere.npz');
    copyFileSync(resolve('resources/datasets/qcqp-n20.npz'), elsewhere);
    await desk.client.datasets.import({ path: elsewhere, name: 'mine' });
    for (const name of [elsewhere, '../elsewhere.npz', 'mine.npz', inWorkspace('mine.npz')])
      expect(await problemOf(desk.client.datasets.trash({ name, force: true })), name).toMatchObject({
        code: 'not-found',
      });
    expect(existsSync(elsewhere)).toBe(true);
    expect(readdirSync(inWorkspace())).toEqual(['mine.npz']);
  });

  it('come back from the trash under their name, or another where it is taken', async () => {
    const from = resolve('resources/datasets/qcqp-n20.npz');
    // A name that ends like the time at which something was trashed.
    const name = 'mine-20260102T030405';
    const bring = () => desk.client.datasets.import({ path: from, name });
    await bring();
    await desk.client.datasets.trash({ name });
    await bring();
    await desk.client.datasets.trash({ name });
    const trashed = await desk.client.datasets.trashed();
    expect(trashed.map((one) => one.name)).toEqual([name, name]);
    expect(Date.now() - Date.parse(trashed[0].trashedAt!)).toBeLessThan(60_000);
    const [first, second] = trashed;
    expect(await desk.client.datasets.restore({ file: first.file })).toEqual({
      name,
      path: inWorkspace(`${name}.npz`),
    });
    expect((await desk.client.datasets.show({ name })).problem).toBeNull();
    const again = () => desk.client.datasets.restore({ file: second.file });
    expect(await problemOf(again())).toMatchObject({ code: 'conflict', where: inWorkspace(`${name}.npz`) });
    await desk.client.datasets.restore({ file: second.file, name: 'other' });
    expect(await desk.client.datasets.trashed()).toEqual([]);
    expect(readdirSync(inWorkspace()).sort()).toEqual([`${name}.npz`, 'other.npz', 'trash']);
  });

  it('that are not in the trash are neither restored nor deleted, wherever the request points', async () => {
    const from = resolve('resources/datasets/qcqp-n20.npz');
    await desk.client.datasets.import({ path: from, name: 'kept' });
    await desk.client.datasets.import({ path: from, name: 'gone' });
    const { path } = await desk.client.datasets.trash({ name: 'gone' });
    copyFileSync(from, inWorkspace('trash', 'no name for a dataset.npz'));
    const outside = '../kept.npz';
    expect(await problemOf(desk.client.datasets.restore({ file: outside, name: 'stolen' }))).toMatchObject({
      code: 'not-found',
    });
    const { refused } = await desk.client.datasets.purge({ files: [outside, basename(path)] });
    expect(refused).toMatchObject([{ file: outside, problem: { code: 'not-found' } }]);
    expect(existsSync(inWorkspace('kept.npz'))).toBe(true);
    expect(existsSync(path)).toBe(false);
    const [left] = await desk.client.datasets.trashed();
    expect(left).toMatchObject({ name: 'no name for a dataset', trashedAt: null });
    expect(await problemOf(desk.client.datasets.restore({ file: left.file }))).toMatchObject({ code: 'bad-request' });
    expect(readdirSync(inWorkspace('trash'))).toEqual(['no name for a dataset.npz']);
  });
});
