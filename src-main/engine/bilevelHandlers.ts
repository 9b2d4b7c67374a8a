import type { BilevelSource } from '@shared/landscape';
import { AdjointError } from '@shared/errors';
import type { BilevelExperiment } from '../bilevel/experimentSchema';
import { bilevelFamilyForms } from '../bilevel/familyForms';
import { jsonSchema } from '../modelling/method';
import type { Workspace } from '../store/workspace';
import { bilevelCasePath, listBilevelCases } from './bilevelCases';
import type { FoundBilevel } from './bilevelSource';
import { on } from './implementer';
import type { Previewer } from './previewer';

export interface BilevelParts {
  workspace: Workspace;
  places: { resources: string };
  previewer: Previewer;
}

export function bilevelHandlers({ workspace, places: { resources }, previewer }: BilevelParts) {
  const { bilevel } = on;
  const find = (source: BilevelSource): FoundBilevel => {
    if (source.kind === 'case') return { kind: 'file', path: bilevelCasePath(resources, source.name) };
    if (source.kind !== 'run') return source;
    const { kind, name, experiment, dataset } = workspace.run(source.id).manifest();
    if (kind !== 'bilevel')
      throw new AdjointError('bad-request', `The run solves no bilevel problem: it is of kind ${kind}.`, {
        where: name,
      });
    return { kind: 'experiment', name, experiment: experiment as BilevelExperiment, path: dataset?.path ?? null };
  };
  return {
    families: bilevel.families.handler(() =>
      bilevelFamilyForms.map(({ settings, presets, ...words }) => ({
        ...words,
        ...{ settings: jsonSchema(settings), presets: [...presets] },
      })),
    ),
    cases: bilevel.cases.handler(() => listBilevelCases(resources)),
    preview: bilevel.preview.handler(({ input, signal }) => {
      const task = { kind: 'bilevel' as const, source: find(input.source) };
      return previewer.run(task, input.key && `bilevel ${input.key}`, signal);
    }),
    landscape: bilevel.landscape.handler(({ input, signal }) => {
      const task = { kind: 'landscape' as const, input, source: find(input.source) };
      return previewer.stream(task, input.key && `landscape ${input.key}`, signal);
    }),
  };
}
