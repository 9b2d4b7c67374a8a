import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeFileAtomic } from './atomic';
import { exampleManifest } from './fixtures/examples';
import { Reserve } from './reserve';
import { RunDirectory } from './runDirectory';

let disk: string;
let mounted: boolean;

beforeEach(() => {
  disk = mkdtempSync(join(tmpdir(), 'adjoint-disk-'));
  mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'none', disk]).status === 0;
});
afterEach(() => {
  if (mounted) spawnSync('umount', ['-l', disk]);
  rmSync(disk, { recursive: true, force: true });
});

function fill(): void {
  for (;;)
    try {
      appendFileSync(join(disk, 'rows'), Buffer.alloc(4096, 1));
    } catch {
      return;
    }
}

it('on a full disk waiting rows cannot take the space of the last words', ({ skip }) => {
  if (!mounted) skip('this machine does not let me mount a small disk');
  const run = RunDirectory.create(join(disk, 'run'), exampleManifest('run'));
  mkdirSync(run.file('attempts', '1'));
  const reserve = new Reserve(run, 1);
  const words = () => writeFileAtomic(join(disk, 'state.json'), Buffer.alloc(32 * 1024, 1));
  fill();
  expect(words).toThrow('The disk is full.');
  reserve.releaseForRows();
  fill();
  expect(words).toThrow('The disk is full.');
  reserve.release();
  words();
});
