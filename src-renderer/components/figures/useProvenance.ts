import { ref, type Ref } from 'vue';
import type { Provenance } from '@shared/figures/spec';
import { useConnection } from '../../stores/connection';
import { useRuns } from '../../stores/runs';
import type { FigureSource } from './figureExport';

/** Where a figure comes from: program, runs with their seeds, datasets by their bytes. Without the engine it names what the window knows. */
export function useProvenance(source: FigureSource): Ref<Provenance> {
  const connection = useConnection();
  const runs = useRuns();
  const provenance = ref<Provenance>({
    adjoint: connection.info?.version ?? '',
    commit: connection.info?.commit ?? null,
    created: new Date().toISOString(),
    runs: source.runs.map((id) => {
      const run = runs.byId.get(id);
      return { id, name: run?.name ?? id, seed: run?.seed ?? null };
    }),
    datasets: [],
    notes: [...(source.notes ?? [])],
  });
  if (source.runs.length > 0)
    void connection
      .client()
      .comparisons.context({ ids: [...source.runs] })
      .then(
        (contexts) => {
          const known = new Map(contexts.flatMap(({ dataset }) => (dataset ? [[dataset.sha256, dataset]] : [])));
          provenance.value = { ...provenance.value, datasets: [...known.values()] };
        },
        () => undefined,
      );
  return provenance;
}
