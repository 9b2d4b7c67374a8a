import { useFigureExport, type FigurePanels } from '../../../components/figures/figureExport';
import type { Film } from './useFilms';

/** Opens the export of what a panel shows of a run; nothing where it shows nothing. */
export function useFilmExport(): (film: Film, what: string, panels: FigurePanels) => void {
  const figures = useFigureExport();
  return ({ run }, what, panels) => {
    if (panels.length > 0) figures.open({ name: `${run.name} ${what}`, runs: [run.id], panels });
  };
}
