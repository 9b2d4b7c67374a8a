import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { comparisonSchema, type Comparison, type ComparisonInfo, type ComparisonSpec } from '@shared/comparisons';
import { AdjointError, toProblem } from '@shared/errors';
import { jsonText, names, readJson, storeError, writeFileAtomic } from './atomic';
import { slugOf, type Workspace } from './workspace';

/** Saved comparisons: `comparisons/<id>.json`. */
export class ComparisonStore {
  private readonly directory: string;

  constructor(workspace: Workspace) {
    this.directory = workspace.folder('comparisons');
  }

  /** Newest first. A damaged file lists with its problem, so that one does not hide the others. */
  list(): ComparisonInfo[] {
    return names(this.directory)
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
      .map((id): ComparisonInfo => {
        try {
          const { name, updatedAt } = this.get(id);
          return { id, name, updatedAt, problem: null };
        } catch (error) {
          return { id, name: id, updatedAt: '', problem: toProblem(error) };
        }
      })
      .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : a.updatedAt > b.updatedAt ? -1 : a.id < b.id ? -1 : 1));
  }

  /** @throws AdjointError `not-found`, or `corrupt` naming the file */
  get(id: string): Comparison {
    const path = this.pathOf(id);
    if (!existsSync(path)) throw notFound(id);
    return { ...readJson(path, comparisonSchema), id };
  }

  /** A new comparison, or with `id` a new version of one. @throws AdjointError `not-found`, `disk-full`, `not-writable` */
  save({ id, name, spec }: { id?: string; name: string; spec: ComparisonSpec }): Comparison {
    const now = new Date().toISOString();
    const before = id === undefined ? null : this.get(id);
    return this.write({
      format: 'adjoint-comparison/1',
      id: before?.id ?? this.newId(name),
      name,
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
      spec,
    });
  }

  /** @throws AdjointError `not-found`, `corrupt`, `disk-full`, `not-writable` */
  rename(id: string, name: string): Comparison {
    return this.write({ ...this.get(id), name });
  }

  /** Deletes the file; runs are not touched. @throws AdjointError `not-found`, `not-writable` */
  remove(id: string): void {
    const path = this.pathOf(id);
    if (!existsSync(path)) throw notFound(id);
    try {
      rmSync(path);
    } catch (error) {
      throw storeError(error, path);
    }
  }

  private write(comparison: Comparison): Comparison {
    writeFileAtomic(this.pathOf(comparison.id), jsonText(comparison), { sync: true });
    return comparison;
  }

  private newId(name: string): string {
    for (;;) {
      const id = `${slugOf(name) || 'comparison'}-${randomBytes(2).toString('hex')}`;
      if (!existsSync(this.pathOf(id))) return id;
    }
  }

  private pathOf(id: string): string {
    if (!/^[A-Za-z0-9][\w.+-]*$/.test(id)) throw notFound(id);
    return join(this.directory, `${id}.json`);
  }
}

const notFound = (id: string) =>
  new AdjointError('not-found', `There is no saved comparison "${id}".`, {
    where: 'comparisons',
    fix: 'It may have been removed in another window. The list shows those there are.',
  });
