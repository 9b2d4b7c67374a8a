import { computed, onBeforeUnmount, ref, watch, type ComputedRef, type Ref } from 'vue';
import type { Finding, Problem } from '@shared/errors';
import { isFinalState } from '@shared/run';
import type { StudyResult } from '@shared/studies';
import type { SweepPreview } from '@shared/sweeps';
import type { Json } from '../../components/schemaForm/fields';
import { usePreview } from '../../components/usePreview';
import { useConnection } from '../../stores/connection';
import { useNotices } from '../../stores/notices';
import { useRuns } from '../../stores/runs';
import { planOf, type StudyPlan } from './plan';

export interface StudyState {
  sweeps: ComputedRef<SweepPreview[] | null>;
  plan: ComputedRef<StudyPlan | null>;
  /** What is wrong with the settings, by path. */
  findings: ComputedRef<Finding[]>;
  /** Null while nothing is known of these settings. */
  result: ComputedRef<StudyResult | null>;
  stale: Ref<boolean>;
  problem: ComputedRef<Problem | null>;
  starting: Ref<boolean>;
  start: () => Promise<void>;
  again: () => void;
}

/** A moment after a run has ended: several often end together. */
const settle = 600;

/** A study with its settings: what it would run and what the finished runs say; read again whenever one of its runs ends. */
export function useStudy(name: () => string, settings: () => Json): StudyState {
  const connection = useConnection();
  const notices = useNotices();
  const runs = useRuns();
  const starting = ref(false);
  const question = () => ({ name: name(), settings: settings(), epoch: connection.epoch });
  const preview = usePreview(question, async ({ name, settings }, signal) => {
    const { sweeps } = await connection.client().studies.preview({ name, settings }, { signal });
    return sweeps;
  });
  const reading = usePreview(question, ({ name, settings }, signal) =>
    connection.client().studies.result({ name, settings }, { signal }),
  );
  const again = () => {
    preview.again();
    reading.again();
  };
  const members = computed(() => {
    const ids = new Set((preview.answer.value ?? []).flatMap(({ plan }) => (plan ? [plan.id] : [])));
    return runs.list.filter(({ sweep }) => sweep !== null && ids.has(sweep.id));
  });
  // Where settings are refused there is no plan: that of the settings before must not stand under them.
  const plan = computed(() => (preview.problem.value ? null : planOf(preview.answer.value, members.value)));

  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(
    () => members.value.filter(({ state }) => isFinalState(state)).length,
    (now, before) => {
      if (before === undefined || now === before) return;
      clearTimeout(timer);
      timer = setTimeout(again, settle);
    },
  );
  onBeforeUnmount(() => clearTimeout(timer));

  async function start(): Promise<void> {
    starting.value = true;
    const started = await notices.attempt(() =>
      connection.client().studies.start({ name: name(), settings: settings() }),
    );
    starting.value = false;
    if (!started) return;
    await runs.load();
    again();
  }

  const found = computed(() => preview.problem.value?.findings ?? reading.problem.value?.findings ?? []);
  return {
    sweeps: computed(() => (preview.problem.value ? null : preview.answer.value)),
    plan,
    findings: computed(() =>
      distinct([...found.value, ...(preview.answer.value ?? []).flatMap(({ findings }) => findings)]),
    ),
    // What other settings said must not stand under these.
    result: computed(() => (reading.problem.value ? null : reading.answer.value)),
    stale: reading.stale,
    // Findings stand beside their fields; only what has none is a problem of the page.
    problem: computed(() => {
      const problem = preview.problem.value ?? reading.problem.value;
      return problem && (problem.findings ?? []).length === 0 ? problem : null;
    }),
    starting,
    start,
    again,
  };
}

/** The sweeps of a study share settings, and so what is wrong with them. */
function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [`${finding.path}\n${finding.message}`, finding])).values()];
}
