import type { RunState, RunSummary } from '@shared/run';

export interface RunFilter {
  text: string;
  states: readonly RunState[];
  tags: readonly string[];
}

export const emptyFilter: RunFilter = { text: '', states: [], tags: [] };

type Test = (run: RunSummary) => boolean;

/**
 * Words must all occur in name, tags, notes, group, dataset or id. A word with an operator is a condition on a setting or a metric,
 * named by any tail of its key: `learningRate<1e-3`, `penalty.weight=10`, `valid/gap_mean<=0.01`, `optimizer.kind!=adam`.
 */
export function makeFilter(filter: RunFilter): Test {
  const tests: Test[] = filter.text
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => condition(word) ?? contains(word.toLowerCase()));
  if (filter.states.length > 0) tests.push((run) => filter.states.includes(run.state));
  if (filter.tags.length > 0) tests.push((run) => filter.tags.every((tag) => run.tags.includes(tag)));
  return (run) => tests.every((test) => test(run));
}

function contains(word: string): Test {
  return (run) =>
    run.name.toLowerCase().includes(word) ||
    run.id.toLowerCase().includes(word) ||
    run.notes.toLowerCase().includes(word) ||
    (run.group?.toLowerCase().includes(word) ?? false) ||
    (run.dataset?.toLowerCase().includes(word) ?? false) ||
    run.tags.some((tag) => tag.toLowerCase().includes(word));
}

function condition(word: string): Test | null {
  const match = /^([\w./-]+?)(<=|>=|!=|=|<|>)(.+)$/.exec(word);
  if (!match) return null;
  const [, key, operator, wanted] = match;
  return (run) => {
    const value = valueOf(run, key.toLowerCase());
    if (value === undefined) return operator === '!=';
    return compare(value, operator, wanted);
  };
}

function compare(value: string | number | boolean | null, operator: string, wanted: string): boolean {
  if (operator === '=') return equal(value, wanted);
  if (operator === '!=') return !equal(value, wanted);
  const number = Number(wanted);
  if (typeof value !== 'number' || Number.isNaN(number)) return false;
  if (operator === '<') return value < number;
  if (operator === '<=') return value <= number;
  if (operator === '>') return value > number;
  return value >= number;
}

const equal = (value: string | number | boolean | null, wanted: string) =>
  typeof value === 'number' ? value === Number(wanted) : String(value).toLowerCase() === wanted.toLowerCase();

function valueOf(run: RunSummary, key: string): string | number | boolean | null | undefined {
  if (key === 'state') return run.state;
  if (key === 'seed') return run.seed;
  if (key === 'device') return run.device;
  const endsWithKey = (candidate: string) => {
    const lower = candidate.toLowerCase();
    return lower === key || lower.endsWith(`.${key}`) || lower.endsWith(`/${key}`);
  };
  const setting = Object.keys(run.settings).find(endsWithKey);
  if (setting !== undefined) return run.settings[setting];
  const metric = Object.keys(run.metrics).find(endsWithKey);
  return metric === undefined ? undefined : run.metrics[metric]?.last;
}
