import { statSync } from 'node:fs';
import type { DatasetInfo } from '@shared/datasets';
import { findDataset, isBuiltIn, listDatasets, type DatasetPlaces } from './datasets';
import type { Previewer } from './previewer';

/** What is known of the datasets, each read again only when its file has changed. */
export class DatasetCatalogue {
  readonly #places: DatasetPlaces;
  readonly #previewer: Previewer;
  readonly #known = new Map<string, { stamp: string; info: Promise<DatasetInfo> }>();

  constructor(places: DatasetPlaces, previewer: Previewer) {
    this.#places = places;
    this.#previewer = previewer;
  }

  list(): Promise<DatasetInfo[]> {
    return Promise.all(listDatasets(this.#places).map(({ path }) => this.#describe(path)));
  }

  /** @throws AdjointError `not-found` */
  async show(name: string): Promise<DatasetInfo> {
    return this.#describe(findDataset(name, this.#places).path);
  }

  async #describe(path: string): Promise<DatasetInfo> {
    const found = statSync(path, { throwIfNoEntry: false });
    const stamp = found ? `${found.size} ${found.mtimeMs} ${found.ino}` : '';
    let entry = this.#known.get(path);
    if (entry?.stamp !== stamp) {
      entry = { stamp, info: this.#previewer.run({ kind: 'inspect', path }) };
      this.#known.set(path, entry);
      // What failed once is tried again.
      entry.info.catch(() => this.#known.delete(path));
    }
    return { ...(await entry.info), builtIn: isBuiltIn(path, this.#places) };
  }
}
