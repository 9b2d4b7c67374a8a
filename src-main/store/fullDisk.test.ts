import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Problem } from '@shared/errors';
import { exampleRun, temporaryDirectory } from './fixtures/examples';
import { readClock } from './metricReader';
import { repairRun } from './repair';
import { readSums } from './segmentTail';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

it('ends with the last good batch when the disk takes no more, and says so', (context) => {
  const directory = temporaryDirectory();
  const run = exampleRun(directory.path);
  // A limit of 64 kB a file fails in the middle of a write, as a full disk does, and needs no rights.
  const command = `ulimit -f 64 && exec "$0" --import "$1" "$2" "$3"`;
  const files = [at('../../scripts/runTypescript.mjs'), at('./fixtures/fullDiskWriter.ts'), run.path];
  const child = spawnSync('bash', ['-c', command, process.execPath, ...files], { encoding: 'utf8' });
  if (child.error) {
    directory.remove();
    console.log('skipped: there is no bash to limit the size of files with');
    return context.skip();
  }
  expect(child.stderr).toBe('');
  const { refused, acknowledged } = JSON.parse(child.stdout) as { refused: Problem[]; acknowledged: number };
  for (const problem of refused) {
    expect(problem.code).toBe('disk-full');
    expect(problem.where).toContain('step-a1-00000.arrows');
    expect(problem.fix).toContain('everything acknowledged so far is kept');
  }
  const segment = join(run.metricsDirectory, 'step-a1-00000.arrows');
  const sums = readSums(join(run.metricsDirectory, 'step-a1-00000.sum'));
  const last = sums.at(-1)!;
  expect(statSync(segment).size).toBe(last.offset + last.length);
  expect(last.lastSequence).toBe(acknowledged);
  expect(readClock(run, 'step').rows).toBe(acknowledged + 1);
  expect(repairRun(run).cut).toEqual([]);
  expect([...readFileSync(segment).subarray(-8)]).toEqual([255, 255, 255, 255, 0, 0, 0, 0]);
  directory.remove();
});
