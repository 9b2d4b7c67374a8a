import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { Problem } from '@shared/errors';
import type { SolveCase } from '@shared/solve';
import { problemOf } from '../api/connect';
import { useConnection } from './connection';

/** Problems that come with Adjoint, and the text that was pasted or dropped last: it is kept while the window is open. */
export const useSolve = defineStore('solve', () => {
  const connection = useConnection();
  const cases = shallowRef<SolveCase[] | null>(null);
  const problem = shallowRef<Problem | null>(null);
  const pasted = shallowRef<{ name: string; text: string } | null>(null);

  async function load(): Promise<void> {
    if (cases.value !== null) return;
    try {
      const answer = await connection.client().solve.cases();
      cases.value = answer.cases;
      problem.value = answer.problem;
    } catch (error) {
      problem.value = problemOf(error);
    }
  }
  return { cases, problem, pasted, load };
});
