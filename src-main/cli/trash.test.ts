import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const bundle = resolve('out/node/adjoint.mjs');
let workspace: string;
const ids: string[] = [];

function adjoint(...args: string[]) {
  const given = [bundle, ...args, '--workspace', workspace, '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, given, { encoding: 'utf8' });
  const lines = stdout.split('\n').filter(Boolean);
  return { status, stderr, rows: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const inFolder = (folder: string) => readdirSync(join(workspace, folder)).filter((name) => !name.startsWith('.'));

beforeAll(() => {
  workspace = mkdtempSync(join(tmpdir(), 'adjoint-trash-'));
  for (const seed of [0, 1]) {
    const short = ['training.epochs=1', 'network.hidden=[4]', `seed=${seed}`].flatMap((set) => ['--set', set]);
    const { rows } = adjoint('run', 'resources/experiments/demo.yaml', ...short);
    ids.push(String(rows.find(({ event }) => event === 'created')!.id));
  }
}, 60_000);
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

it('runs go to the trash, come back, and are deleted only from there', () => {
  expect(adjoint('runs', 'trash', ids[0]).rows).toEqual([{ done: [ids[0]], refused: [] }]);
  expect(inFolder('trash')).toEqual([ids[0]]);
  expect(adjoint('runs', 'list').rows.map(({ id }) => id)).toEqual([ids[1]]);
  expect(adjoint('runs', 'list', '--trash').rows.map(({ id }) => id)).toEqual([ids[0]]);
  expect(adjoint('runs', 'restore', ids[0]).rows).toEqual([{ done: [ids[0]], refused: [] }]);
  expect(inFolder('runs').sort()).toEqual([...ids].sort());

  const notTrashed = adjoint('runs', 'purge', ids[0]);
  expect(notTrashed.status).toBe(2);
  expect(notTrashed.stderr).toContain('adjoint runs list --trash');
  expect(inFolder('runs')).toContain(ids[0]);

  adjoint('runs', 'trash', ids[0]);
  expect(adjoint('runs', 'purge', ids[0]).rows).toEqual([{ done: [ids[0]], refused: [] }]);
  expect(inFolder('trash')).toEqual([]);
}, 60_000);

it('a name that fits nothing changes nothing, whatever else is named', () => {
  const { status } = adjoint('runs', 'trash', ids[1], 'no-such-run');
  expect(status).toBe(2);
  expect(inFolder('runs')).toContain(ids[1]);
});

it('datasets go to the trash, come back under their name or another, and are deleted only from there', () => {
  copyFileSync('resources/datasets/qcqp-n20.npz', join(workspace, 'datasets', 'mine.npz'));
  const trashed = () => adjoint('datasets', 'list', '--trash').rows;
  expect(adjoint('datasets', 'trash', 'mine').rows).toEqual([{ done: ['mine'], refused: [] }]);
  expect(adjoint('datasets', 'list').rows.map(({ name }) => name)).not.toContain('mine');
  const [{ file, name }] = trashed();
  expect([name, file]).toEqual(['mine', expect.stringMatching(/^mine-\d{8}T\d{6}\.npz$/)]);

  copyFileSync('resources/datasets/qcqp-n20.npz', join(workspace, 'datasets', 'mine.npz'));
  const taken = adjoint('datasets', 'restore', 'mine');
  expect([taken.status, taken.stderr]).toEqual([1, expect.stringContaining('under another name')]);
  expect(adjoint('datasets', 'restore', String(file), '--as', 'mine-2').rows).toEqual([
    { done: ['mine-2'], refused: [] },
  ]);
  expect(inFolder('datasets').sort()).toEqual(['mine-2.npz', 'mine.npz', 'trash']);

  expect(adjoint('datasets', 'purge', 'mine').status).toBe(2);
  adjoint('datasets', 'trash', 'mine', 'mine-2');
  const outside = adjoint('datasets', 'purge', '../../runs');
  expect([outside.status, outside.stderr]).toEqual([2, expect.stringContaining('adjoint datasets list --trash')]);
  expect(adjoint('datasets', 'purge', 'mine', 'mine-2').status).toBe(0);
  expect(trashed()).toEqual([]);
}, 60_000);
