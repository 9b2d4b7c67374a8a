import type { Json } from '../../components/schemaForm/fields';

/** What a first run is asked: steps that take seconds up to some hundred variables. */
const iterations = 1000;

export interface ProblemChoice {
  /** As an experiment has it: a family with its settings, a file or a text. */
  problem: Json;
  title: string;
}

/** A run of an algorithm on a problem, as the text that the editor begins with. */
export function bilevelExperiment(
  { problem, title }: ProblemChoice,
  algorithm: { kind: string; title: string },
): string {
  return `# ${algorithm.title} on ${title}, hypergradients by the exact active-set formula.
kind: bilevel
name: ${JSON.stringify(`${algorithm.title} on ${title}`)}
problem:${yamlOf(problem)}
algorithm: { kind: ${algorithm.kind}, iterations: ${iterations} }
estimator: { kind: exact }
measures: { gradientErrorEvery: 100, stationarityEvery: 100 }
seed: 0
tags: []
notes: ''
`;
}

/** A problem that is a text stands as a block, to be read; others on one line. */
function yamlOf(problem: Json): string {
  if (problem.kind !== 'text') return ` ${flow(problem)}`;
  const lines = String(problem.text).trimEnd().split('\n');
  return `\n  kind: text\n  text: |\n${lines.map((line) => `    ${line}`).join('\n')}`;
}

/** A flow mapping of YAML: JSON in a form that people write. */
const flow = (value: Json): string =>
  `{ ${Object.entries(value)
    .map(([key, one]) => `${key}: ${typeof one === 'string' && /^[\w-]+$/.test(one) ? one : JSON.stringify(one)}`)
    .join(', ')} }`;
