import { useDebounceFn } from '@vueuse/core';
import { computed, onMounted, ref, shallowRef, watch } from 'vue';
import { useRoute } from 'vue-router';
import type { MethodInfo } from '@shared/contract';
import type { Finding } from '@shared/errors';
import { flattenSettings } from '@shared/settings';
import type { SweepPreview } from '@shared/sweeps';
import { problemOf } from '../../api/connect';
import { useConnection } from '../../stores/connection';
import { useExamples } from '../../stores/examples';
import { useNewRun } from '../../stores/newRun';
import { useNotices } from '../../stores/notices';
import { useProblems } from '../../stores/problems';
import { useRuns } from '../../stores/runs';
import { useSweeps } from '../../stores/sweeps';
import { experimentFor } from './experimentFor';
import { readSweep, withoutSweep } from './sweepText';
import { changesFrom, defaultsOf, type Change } from './settingDefaults';

export type ExperimentDraft = ReturnType<typeof useExperimentDraft>;

/**
 * The experiment that is being written, as its text, and what the engine says of it. Where it begins the address tells: `?from=` clones a run,
 * `?example=` begins with an example, `?dataset=` with a first training on a dataset; another view may hand over a text.
 */
export function useExperimentDraft() {
  const connection = useConnection();
  const examples = useExamples();
  const newRun = useNewRun();
  const notices = useNotices();
  const problems = useProblems();
  const runs = useRuns();
  const sweeps = useSweeps();
  const route = useRoute();

  const text = ref('');
  const original = ref('');
  const loading = ref(true);
  const checking = ref(false);
  const findings = ref<Finding[]>([]);
  const resolved = shallowRef<Record<string, unknown> | null>(null);
  const methods = shallowRef<MethodInfo[]>([]);
  /** What starting would do, where the text is a sweep. */
  const plan = shallowRef<SweepPreview['plan']>(null);
  const isSweep = computed(() => readSweep(text.value) !== null);
  const settings = computed(() => (resolved.value ? flattenSettings(resolved.value) : {}));

  const asked = (name: string) => {
    const value = route.query[name];
    return typeof value === 'string' ? value : null;
  };
  const clonedFrom = computed(() => asked('from'));
  const exampleName = computed(() => asked('example'));
  /** The example that the text began with; null where it began with something else. */
  const example = ref<string | null>(null);
  const datasetName = computed(() => asked('dataset'));
  const clonedName = computed(() =>
    clonedFrom.value === null ? null : (runs.byId.get(clonedFrom.value)?.name ?? clonedFrom.value),
  );
  /** Of a clone: the dataset that its source names, where that is not what the source was made with. */
  const moved = shallowRef<{ dataset: string; state: 'changed' | 'missing' } | null>(null);
  const warning = computed(() => {
    if (!moved.value || settings.value.dataset !== moved.value.dataset) return null;
    const { dataset, state } = moved.value;
    return state === 'missing'
      ? `There is no dataset “${dataset}” here any more.`
      : `The dataset “${dataset}” has changed since ${clonedName.value} was made: this run trains on other data, and the two do not compare.`;
  });

  async function clone(id: string): Promise<void> {
    const detail = await notices.attempt(() => connection.client().runs.get({ id }));
    text.value = detail ? (detail.manifest.source ?? detail.yaml) : '';
    const now = await notices.attempt(() => connection.client().runs.datasetNow({ id }));
    if (clonedFrom.value === id && now?.dataset && (now.state === 'changed' || now.state === 'missing'))
      moved.value = { dataset: now.dataset, state: now.state };
  }

  async function fill(): Promise<void> {
    loading.value = true;
    moved.value = null;
    example.value = null;
    const handedOver = newRun.take();
    if (handedOver !== null) {
      void examples.load();
      text.value = handedOver;
    } else if (clonedFrom.value !== null) {
      await clone(clonedFrom.value);
    } else if (datasetName.value !== null) {
      void examples.load();
      const name = datasetName.value;
      const known =
        problems.dataset(name) ?? (await notices.attempt(() => connection.client().datasets.show({ name })));
      text.value = known ? experimentFor(known) : '';
    } else {
      const list = await examples.load();
      const chosen = list.find(({ name }) => name === exampleName.value) ?? list[0];
      example.value = chosen?.name ?? null;
      text.value = chosen?.yaml ?? '';
    }
    original.value = text.value;
    loading.value = false;
  }

  let checks = 0;
  async function check(): Promise<void> {
    const mine = ++checks;
    try {
      const sweep = isSweep.value;
      const [one, all] = await Promise.all([
        connection.client().experiments.validate({ yaml: sweep ? withoutSweep(text.value) : text.value }),
        sweep ? sweeps.preview(text.value) : null,
      ]);
      if (mine !== checks) return;
      findings.value = (all ?? one).findings;
      plan.value = all?.plan ?? null;
      // A setting may be there in the sweep only: what can be swept stays what it was.
      if (!sweep || one.resolved) resolved.value = one.resolved;
    } catch (error) {
      if (mine !== checks) return;
      const problem = problemOf(error);
      findings.value = problem.findings ?? [{ path: '', message: problem.what }];
      resolved.value = null;
      plan.value = null;
    }
    checking.value = false;
  }
  const checkSoon = useDebounceFn(check, 250);

  watch(text, () => {
    checking.value = true;
    void checkSoon();
  });
  watch([clonedFrom, exampleName, datasetName], fill);
  onMounted(() => {
    void fill();
    connection.client().methods.list().then((list) => (methods.value = list), () => undefined);
  }); // prettier-ignore

  /** What a run of it would differ in: from the run that it is a clone of, or from the defaults. */
  const changes = computed<Change[]>(() => {
    if (!resolved.value) return [];
    const source = clonedFrom.value === null ? undefined : runs.byId.get(clonedFrom.value);
    if (source) return changesFrom(settings.value, source.settings);
    return changesFrom(settings.value, defaultsOf(resolved.value, methods.value)).filter(
      ({ reference }) => reference !== undefined,
    );
  });
  const valid = computed(
    () => findings.value.length === 0 && (isSweep.value ? plan.value : resolved.value) !== null && !checking.value,
  );

  return {
    text, original, loading, checking, findings, resolved, methods, plan, isSweep, settings, changes, valid,
    clonedFrom, clonedName, datasetName, example, warning,
  }; // prettier-ignore
}
