import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AdjointError, toProblem } from '@shared/errors';
import { toCsv } from '@shared/figures/csv';
import type { FigureInfo, SavedFigure } from '@shared/figures/library';
import { plainText } from '@shared/figures/mathText';
import { figureSchema, type Figure } from '@shared/figures/spec';
import { toSvg } from '@shared/figures/svg';
import { jsonText, names, readJson, storeError, writeFileAtomic } from './atomic';
import { slugOf, type Workspace } from './workspace';

/**
 * Figures kept in a workspace: `figures/<id>.json` is the specification and counts; `<id>.svg` and `<id>.csv` beside it are made from it, for
 * papers that include them by name.
 */
export class FigureStore {
  private readonly directory: string;

  constructor(workspace: Workspace) {
    this.directory = workspace.folder('figures');
  }

  /** Last saved first. A damaged file lists with its problem, so that one does not hide the others. */
  list(): FigureInfo[] {
    return names(this.directory)
      .filter((file) => file.endsWith('.json'))
      .map((file) => this.info(file.slice(0, -'.json'.length)))
      .sort((a, b) => (a.savedAt < b.savedAt ? 1 : a.savedAt > b.savedAt ? -1 : a.id < b.id ? -1 : 1));
  }

  /** @throws AdjointError `not-found`, or `corrupt` naming the file */
  get(id: string): Figure {
    const path = this.pathOf(id);
    if (path === null || !existsSync(path)) throw notFound(id);
    return readJson(path, figureSchema);
  }

  /** A new figure, or with `id` a new version of one. @throws AdjointError `not-found`, `disk-full`, `not-writable` */
  save({ id, name, figure }: { id?: string; name: string; figure: Figure }): SavedFigure {
    if (id !== undefined) this.get(id);
    const kept = id ?? this.newId(name);
    // The specification last: it says that the figure is there.
    const files = {
      [`${kept}.svg`]: toSvg(figure),
      [`${kept}.csv`]: toCsv(figure),
      [`${kept}.json`]: jsonText(figure),
    };
    for (const [file, text] of Object.entries(files)) writeFileAtomic(join(this.directory, file), text, { sync: true });
    return { id: kept, files: Object.keys(files).map((file) => join(this.directory, file)) };
  }

  /** @throws AdjointError `not-found`, `not-writable` */
  remove(id: string): void {
    const path = this.pathOf(id);
    if (path === null || !existsSync(path)) throw notFound(id);
    try {
      for (const extension of ['json', 'svg', 'csv'])
        rmSync(join(this.directory, `${id}.${extension}`), { force: true });
    } catch (error) {
      throw storeError(error, path);
    }
  }

  private info(id: string): FigureInfo {
    const path = join(this.directory, `${id}.json`);
    try {
      const { title, panels, provenance } = this.get(id);
      return {
        id,
        title: plainText(title || panels[0].title || panels[0].y.label),
        savedAt: statSync(path).mtime.toISOString(),
        panels: panels.length,
        runs: provenance?.runs.map((run) => run.id) ?? [],
        problem: null,
      };
    } catch (error) {
      return { id, title: id, savedAt: '', panels: 0, runs: [], problem: toProblem(error) };
    }
  }

  /** The plain name, because papers refer to it: `loss`, then `loss-2`. */
  private newId(name: string): string {
    const slug = slugOf(name) || 'figure';
    for (let k = 1; ; k++) {
      const id = k === 1 ? slug : `${slug}-${k}`;
      if (['json', 'svg', 'csv'].every((extension) => !existsSync(join(this.directory, `${id}.${extension}`))))
        return id;
    }
  }

  private pathOf(id: string): string | null {
    return /^[A-Za-z0-9][\w.+-]*$/.test(id) ? join(this.directory, `${id}.json`) : null;
  }
}

function notFound(id: string): AdjointError {
  return new AdjointError('not-found', `There is no saved figure "${id}".`, {
    fix: 'It may have been deleted: look at the list.',
  });
}
