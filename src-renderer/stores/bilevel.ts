import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { BilevelCase } from '@shared/bilevel';
import type { MethodInfo } from '@shared/contract';
import type { Problem } from '@shared/errors';
import type { FamilyInfo } from '@shared/problems';
import { problemOf } from '../api/connect';
import { useConnection } from './connection';

/** Families of bilevel problems, those that come with Adjoint, what can be run on them, and the text that was written last. */
export const useBilevel = defineStore('bilevel', () => {
  const connection = useConnection();
  const families = shallowRef<FamilyInfo[] | null>(null);
  const cases = shallowRef<BilevelCase[] | null>(null);
  const algorithms = shallowRef<MethodInfo[]>([]);
  const problem = shallowRef<Problem | null>(null);
  /** A problem as text that is being written: it is kept while the window is open. */
  const draft = shallowRef<string | null>(null);

  const family = (kind: string | null): FamilyInfo | undefined => families.value?.find((one) => one.kind === kind);

  async function load(): Promise<void> {
    if (families.value !== null && cases.value !== null) return;
    try {
      const { bilevel, methods } = connection.client();
      const [kinds, known, all] = await Promise.all([bilevel.families(), bilevel.cases(), methods.list()]);
      families.value = kinds;
      cases.value = known;
      algorithms.value = all.filter((method) => method.family === 'outerAlgorithm');
      problem.value = null;
    } catch (error) {
      problem.value = problemOf(error);
    }
  }
  return { families, cases, algorithms, problem, draft, family, load };
});
