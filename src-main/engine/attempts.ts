import { toProblem, type Problem } from '@shared/errors';

/** What was done to things that are known by name, and which of them refused. */
export interface Attempts<Done> {
  done: Done[];
  refused: { name: string; problem: Problem }[];
}

/** Does something to each; what one refuses does not stop the others. */
export function attemptEach<One, Done>(
  all: readonly One[],
  act: (one: One) => Done,
  nameOf: (one: One) => string = String,
): Attempts<Done> {
  const result: Attempts<Done> = { done: [], refused: [] };
  for (const one of all) {
    try {
      result.done.push(act(one));
    } catch (error) {
      const name = nameOf(one);
      result.refused.push({ name, problem: toProblem(error, name) });
    }
  }
  return result;
}
