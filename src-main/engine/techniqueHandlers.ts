import { applicability } from '../training/techniques/applicability';
import type { DatasetParts } from './datasetHandlers';
import { findDataset } from './datasets';
import { traitsThrough } from './fit';
import { on } from './implementer';

export const techniqueHandlers = ({ places, previewer }: Pick<DatasetParts, 'places' | 'previewer'>) => ({
  applicability: on.techniques.applicability.handler(async ({ input, signal }) => {
    const { path } = findDataset(input.dataset, places);
    const key = input.key && `traits ${input.key}`;
    return applicability(await traitsThrough(path, () => previewer.run({ kind: 'traits', path }, key, signal)));
  }),
});
