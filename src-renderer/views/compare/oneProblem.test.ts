import { expect, it } from 'vitest';
import { axisOptions, axisTitles } from '../../components/charts/axisTitles';
import { oneProblem } from './oneProblem';

it('runs solve one problem where all its settings agree, whatever solves it', () => {
  const run = (settings: Record<string, number | string>, kind = 'bilevel') => ({ kind, settings });
  const coupled = run({ 'problem.kind': 'coupled', 'problem.d': 2, 'algorithm.kind': 'ssigd' });
  expect(oneProblem([coupled, run({ 'problem.d': 2, 'problem.kind': 'coupled', 'algorithm.kind': 'dsigd' })])).toBe(
    true,
  );
  expect(oneProblem([coupled, run({ 'problem.kind': 'coupled', 'problem.d': 3 })])).toBe(false);
  expect(oneProblem([coupled, run({ 'problem.kind': 'coupled', 'problem.d': 2 }, 'training')])).toBe(false);
  expect(oneProblem([])).toBe(false);
});

it('axes are called by what the runs count', () => {
  expect(axisOptions(axisTitles(['bilevel'])).map(({ label }) => label)).toEqual(['Iteration', 'Lower-level solves', 'Algorithm time']); // prettier-ignore
  expect(axisTitles(['training']).epoch.title).toBe('epoch');
  expect(axisTitles(['training', 'bilevel']).epoch.title).toContain('or lower-level solves');
  expect(axisTitles([]).step.title).toBe('step');
});
