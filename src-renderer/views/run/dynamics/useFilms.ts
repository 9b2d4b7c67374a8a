import { onBeforeUnmount, shallowRef, watch, type ShallowRef } from 'vue';
import type { RunDetail } from '@shared/contract';
import type { Problem } from '@shared/errors';
import type { RunSummary } from '@shared/run';
import { problemOf } from '../../../api/connect';
import { isLive } from '../../../components/runState';
import { useConnection } from '../../../stores/connection';
import { decodeFilm, type FilmTable } from './film';

export const histogramKeys = ['valid/gap_histogram', 'valid/distance_histogram', 'valid/eq_histogram', 'valid/ineq_histogram']; // prettier-ignore
export const rowsKey = 'valid/row_violation';
const scalarKeys = ['valid/gap_mean', 'valid/gap_median', 'valid/eq_max', 'valid/ineq_max', 'valid/dist_mean'];
export const landscapeKeys = ['landscape/loss', 'landscape/objective', 'landscape/penalty'];
const diagnosticsKeys = [
  ...['hessian/largest', 'hessian/largest_residual', 'hessian/smallest', 'hessian/smallest_residual'],
  ...['rank/features', 'rank/gradients', ...landscapeKeys],
  ...['gradient/difference_cosine', 'gradient/difference_error'],
];
const epochKeys = [...scalarKeys, ...histogramKeys, rowsKey];

export interface Changes {
  changes: { step: number; epoch: number; activeSeconds: number; value: number }[];
  many: boolean;
}

/** Everything that is shown of a run, but for the plane of one instance. */
export interface Film {
  run: RunSummary;
  detail: RunDetail | null;
  epochs: FilmTable | null;
  diagnostics: FilmTable | null;
  lambda: Changes;
  problem: Problem | null;
}

/** Whether there are more validations than rows of the film. */
export const isThinned = ({ epochs }: Film): boolean => epochs !== null && epochs.total > epochs.epoch.length;

const pollMilliseconds = 3000;

/** The films of some runs; live ones go on. `exactly` is an epoch that is fetched even where a long run is thinned. */
export function useFilms(
  runs: () => readonly RunSummary[],
  exactly: () => number | null,
): {
  films: ShallowRef<ReadonlyMap<string, Film>>;
  reload: () => Promise<void>;
} {
  const connection = useConnection();
  const films = shallowRef<ReadonlyMap<string, Film>>(new Map());
  let closed = false;

  async function load(run: RunSummary): Promise<void> {
    const client = connection.client();
    const at = exactly();
    const rows = async (clock: string, metrics: string[]) =>
      decodeFilm(await client.film.rows({ id: run.id, clock, metrics, ...(at === null ? {} : { at }) }));
    const before = films.value.get(run.id);
    let film: Film;
    try {
      const detail = await client.runs.get({ id: run.id });
      const has = (clock: string) => (detail.recorded[clock]?.length ?? 0) > 0;
      const [epochs, diagnostics, lambda] = await Promise.all([
        has('epoch') ? rows('epoch', epochKeys) : null,
        has('diagnostics') ? rows('diagnostics', diagnosticsKeys) : null,
        detail.recorded.step?.includes('lambda')
          ? client.film.changes({ id: run.id, metric: 'lambda' })
          : { changes: [], many: false },
      ]);
      film = { run, detail, epochs, diagnostics, lambda, problem: null };
    } catch (error) {
      const nothing = { detail: null, epochs: null, diagnostics: null, lambda: { changes: [], many: false } };
      film = { ...(before ?? nothing), run, problem: problemOf(error) };
    }
    // What came late must not bring back a run that is no longer looked at.
    if (closed || !runs().some(({ id }) => id === run.id)) return;
    films.value = new Map([...films.value, [run.id, film]]);
  }

  const reload = async (): Promise<void> => {
    await Promise.all(runs().map(load));
  };
  watch(
    () => runs().map(({ id, state }) => `${id} ${state}`).join(),
    () => {
      const wanted = new Set(runs().map(({ id }) => id));
      films.value = new Map([...films.value].filter(([id]) => wanted.has(id)));
      void reload();
    },
    { immediate: true },
  ); // prettier-ignore

  let resting: ReturnType<typeof setTimeout> | undefined;
  watch(exactly, (at) => {
    clearTimeout(resting);
    if (at === null) return;
    resting = setTimeout(() => {
      for (const film of films.value.values())
        if (isThinned(film) && !film.epochs?.epoch.includes(at)) void load(film.run);
    }, 250);
  });
  const timer = setInterval(() => {
    for (const run of runs()) if (isLive(run)) void load(run);
  }, pollMilliseconds);
  onBeforeUnmount(() => {
    closed = true;
    clearInterval(timer);
    clearTimeout(resting);
  });
  return { films, reload };
}
