import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { AdjointError, type Finding } from '@shared/errors';
import { familyOf, isMatrixFamily, type DatasetExperiment } from '../../modelling/datasetExperiment';
import type { ProblemFamily } from '../../modelling/families/family';
import { entriesOf, isSha256, keptProblem, matrixSettings } from '../../modelling/families/matrixSettings';
import { explainIssues, findFamily, parseSettings, type FamilySettings } from '../../modelling/families/registry';
import { storeError } from '../../store/atomic';
import { matrixTextOf } from '../convex/matrixText';
import { matrixFamily } from './matrixFamily';

/** A family with its settings, or what is wrong with them, by setting. */
export type FoundFamily =
  | { family: ProblemFamily; settings: FamilySettings; findings: [] }
  | { family: null; settings: null; findings: Finding[] };

/**
 * A family of the registry, or the one that a problem file of one's own makes.
 *
 * @param kept the folder of the files that the workspace keeps
 * @throws AdjointError `not-found` for a family that there is not
 */
export function openFamily(kind: string, given: Record<string, unknown>, kept: string): FoundFamily {
  if (kind === 'matrix') return openOwnProblem(given, kept);
  const family = findFamily(kind);
  return found(family, parseSettings(family, given));
}

/** `openFamily` for an experiment. @throws AdjointError `bad-request` with every finding, `not-found` */
export function openFamilyOf(
  experiment: DatasetExperiment,
  kept: string,
): { family: ProblemFamily; settings: FamilySettings } {
  if (!isMatrixFamily(experiment.family)) return familyOf(experiment);
  const { kind: _, ...given } = experiment.family;
  const { family, settings, findings } = openOwnProblem(given, kept);
  if (family) return { family, settings };
  throw new AdjointError('bad-request', 'This problem cannot become a dataset.', {
    where: findings[0].path,
    fix: 'Change the settings that are named.',
    findings,
  });
}

function openOwnProblem(given: Record<string, unknown>, kept: string): FoundFamily {
  const parsed = matrixSettings.safeParse(given);
  if (!parsed.success) return wrong(explainIssues(parsed.error, matrixSettings));
  const { file, vary: datum, entries, ...rest } = parsed.data;
  const named = entriesOf(entries);
  try {
    const family = matrixFamily(readProblem(file, kept), file, { datum, ...(named && { entries: named }) });
    return found(family, parseSettings(family, rest));
  } catch (error) {
    if (!(error instanceof AdjointError)) throw error;
    const { what, fix, where, findings } = error.problem;
    // Parts of the file are named as it has them; what is said of a setting goes to that setting.
    if (findings) return wrong(findings.map(({ path, message }) => ({ path: `file: ${path}`, message })));
    const about = where === 'vary' || where === 'entries' ? where : 'file';
    return wrong([{ path: about, message: `${what}${fix ? ` ${fix}` : ''}` }]);
  }
}

const wrong = (findings: Finding[]): FoundFamily => ({ family: null, settings: null, findings });

const found = (family: ProblemFamily, { settings, findings }: ReturnType<typeof parseSettings>): FoundFamily =>
  settings ? { family, settings, findings: [] } : wrong(findings);

/** @throws AdjointError `not-found` and what else is wrong with reading a file */
function readProblem(file: string, kept: string): string {
  const path = isSha256(file) ? keptProblem(kept, file) : file;
  if (!isAbsolute(path))
    throw new AdjointError('bad-request', `“${file}” does not say where the file lies.`, {
      where: 'file',
      fix: 'Give its whole path.',
    });
  try {
    return matrixTextOf(readFileSync(path), path);
  } catch (error) {
    if (error instanceof AdjointError) throw error;
    if (isSha256(file) && (error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new AdjointError('not-found', 'The workspace keeps no problem file with this checksum.', {
        where: 'file',
        fix: 'Choose the file again.',
        cause: error,
      });
    throw storeError(error, path);
  }
}
