import type { Json } from '../../components/schemaForm/fields';

/** What a first run is asked: steps that take seconds up to some hundred variables. */
const iterations = 1000;

export interface ProblemChoice {
  /** A family with its settings, or a file. */
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
problem: ${flow(problem)}
algorithm: { kind: ${algorithm.kind}, iterations: ${iterations} }
estimator: { kind: exact }
measures: { gradientErrorEvery: 100, stationarityEvery: 100 }
seed: 0
tags: []
notes: ''
`;
}

/** A flow mapping of YAML: JSON in a form that people write. */
const flow = (value: Json): string =>
  `{ ${Object.entries(value)
    .map(([key, one]) => `${key}: ${typeof one === 'string' && /^[\w-]+$/.test(one) ? one : JSON.stringify(one)}`)
    .join(', ')} }`;
