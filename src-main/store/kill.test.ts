import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryDirectory } from './fixtures/examples';
import { killAndCheck, seededRandom } from './fixtures/killing';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

it('loses no acknowledged sample in 8 SIGKILLs, and every resume reads as one history', async () => {
  const { rows } = await killAndCheck(directory.path, 8, seededRandom(1));
  expect(rows).toBeGreaterThan(40);
}, 60_000);
