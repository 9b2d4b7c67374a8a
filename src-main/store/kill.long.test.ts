import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryDirectory } from './fixtures/examples';
import { killAndCheck, seededRandom } from './fixtures/killing';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

it('loses no acknowledged sample in 100 random SIGKILLs, and every resume reads as one history', async () => {
  const { rows, cut } = await killAndCheck(directory.path, 100, seededRandom(20261123));
  console.log(`100 SIGKILLs: ${rows} rows in the final history, ${cut} cuts`);
  expect(rows).toBeGreaterThan(40);
}, 600_000);
