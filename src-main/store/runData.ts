import { AdjointError, toProblem } from '@shared/errors';
import type { Manifest } from '@shared/run';
import { fileSha256 } from './dataset';

/**
 * Path of the file that the manifest names: a dataset or a problem file.
 * @throws AdjointError `conflict` if it is no longer the one that the run was made with; `not-found`.
 */
export async function checkData({ dataset }: Manifest): Promise<string | null> {
  if (!dataset) return null;
  const found = await digest(dataset.path);
  if (found !== dataset.sha256)
    throw new AdjointError('conflict', `The file of “${dataset.name}” has changed since this run was made.`, {
      where: dataset.path,
      fix:
        `Put back the file with SHA-256 ${dataset.sha256.slice(0, 16)}… (it is ${found.slice(0, 16)}… now), ` +
        'or start a new run from the same experiment.',
    });
  return dataset.path;
}

async function digest(path: string): Promise<string> {
  try {
    return await fileSha256(path);
  } catch (error) {
    const problem = toProblem(error, path);
    throw new AdjointError(problem.code, `The run’s data cannot be read: ${problem.what}`, {
      where: path,
      fix: 'Put the file back where it was when the run was made.',
      cause: error,
    });
  }
}
