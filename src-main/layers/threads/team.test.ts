import { once } from 'node:events';
import { expect, test } from 'vitest';
import { takeChunks, type Work } from './part';
import { Team } from './team';

test('a thread that dies at its start is named in a warning, and the others do the work', async () => {
  const work: Work<number, number> = (order, control, answer) =>
    takeChunks(control, order, (chunk) => answer(10 * chunk));
  const dies = new URL('data:text/javascript,throw new RangeError("could not allocate memory")');
  const team = new Team('a test', dies, {}, work);
  const warned = once(process, 'warning') as Promise<[Error]>;
  expect(team.run(3, 3, 2, 'a pass')).toEqual([0, 10, 20]);
  expect((await warned)[0].message).toContain('could not allocate memory');
  expect(team.run(2, 2, 2, 'a pass')).toEqual([0, 10]);
  team.dispose();
});

test('work that breaks in the calling thread says why', () => {
  const team = new Team('a test', undefined, {}, (_, control) =>
    takeChunks(control, 1, () => {
      throw new RangeError('no such row');
    }),
  );
  expect(team.helps).toBe(false);
  expect(() => team.run(null, 1, 2, 'a pass')).toThrow('no such row');
});
