import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { generateQcqp, qcqpSettings } from '../modelling/families/qcqp';
import { splitByOrder, writeDataset } from '../store/dataset';
import { techniques } from '../training/techniques/registry';
import { Office, problemOf, type Desk } from './fixtures/desk';

let office: Office;
let desk: Desk;
beforeEach(async () => {
  office = new Office();
  desk = await office.open();
});
afterEach(() => office.dispose());

const { family, N, X } = generateQcqp(qcqpSettings.parse({ n: 8, m: 4, e: 3, instances: 12, seed: 1 }));
const write = (name: string, change: Partial<typeof family>) =>
  writeDataset(join(office.workspace, 'datasets', `${name}.npz`), {
    ...{ family: 'qcqp', ...family, N, X, Y: new Float64Array(N * family.n) },
    ...{ multipliers: { inequality: null, equality: null }, splits: splitByOrder(N) },
    ...change,
  });
const ask = (dataset: string) => desk.client.techniques.applicability({ dataset });
const refused = async (dataset: string) =>
  Object.fromEntries(
    (await ask(dataset)).techniques.filter(({ refusal }) => refusal).map(({ kind, refusal }) => [kind, refusal]),
  );

it('every technique is answered for, in the order of the registry, with the traits that decide', async () => {
  write('curved', {});
  const { traits, techniques: fits } = await ask('curved');
  expect(traits).toMatchObject({ n: 8, e: 3, m: 4, curvedRows: 4, convexRows: true, equalityRank: 3 });
  expect(fits.map(({ kind }) => kind)).toEqual(techniques.map(({ kind }) => kind));
});

it('what is refused is refused for the reason that stops the run', async () => {
  write('curved', {});
  const reasons = await refused('curved');
  expect(Object.keys(reasons)).toEqual(['hardNetAff']);
  const yaml = 'dataset: curved\ntechnique: { kind: hardNetAff }\n';
  const { findings } = await desk.client.experiments.validate({ yaml });
  expect(findings[0].message).toContain(reasons.hardNetAff!);

  const A = family.A.slice();
  A.copyWithin(family.n, 0, family.n);
  write('dependent', { A });
  expect(Object.keys(await refused('dependent'))).toEqual(expect.arrayContaining(['convexProjection', 'dc3', 'piNet']));
});

it('a dataset that has changed is looked at anew', async () => {
  write('changing', {});
  expect(await refused('changing')).toHaveProperty('hardNetAff');
  write('changing', { H: new Float64Array(family.H.length), A: family.A.map((value) => value * 2) });
  expect(await refused('changing')).not.toHaveProperty('hardNetAff');
});

it('a dataset that is not there is said so, with those that are', async () => {
  expect(await problemOf(ask('nowhere'))).toMatchObject({
    code: 'not-found',
    what: 'There is no dataset "nowhere".',
  });
});
