import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { basename, extname } from 'node:path';
import type { OpenProblem, OwnProblem } from '@shared/ownProblem';
import { keptProblem } from '../modelling/families/matrixSettings';
import { parseMatrixProblem } from '../solvers/convex/matrixProblem';
import { matrixTextOf } from '../solvers/convex/matrixText';
import { writeFileAtomic } from '../store/atomic';
import { checkTextSize, readProblemText } from './problemText';

/**
 * Reads a problem and keeps a copy of it, so that datasets made of it can be made again whatever becomes of the file.
 *
 * @param kept the folder of the files that the workspace keeps
 * @throws AdjointError `not-found`, `bad-request` naming what of it is wrong, `invalid-dataset`, `unsupported` for one that is too large,
 *   `disk-full`, `not-writable`
 */
export function openOwnProblem(source: OpenProblem, kept: string): OwnProblem {
  const { text, where } = textOf(source, kept);
  checkTextSize(text, where);
  const { file, problem } = parseMatrixProblem(text, where);
  const sha256 = createHash('sha256').update(text).digest('hex');
  const path = keptProblem(kept, sha256);
  if (!existsSync(path)) {
    mkdirSync(kept, { recursive: true });
    writeFileAtomic(path, text);
  }
  const { n, e, m } = problem;
  return {
    ...{ file: sha256, name: file.name ?? stemOf(where), about: file.about ?? '', dims: { n, e, m } },
    samples: { b: file.b_samples?.length ?? 0, h: file.h_samples?.length ?? 0 },
  };
}

function textOf(source: OpenProblem, kept: string): { text: string; where: string } {
  if (source.kind === 'bytes') {
    const { name: where, base64 } = source;
    return { text: matrixTextOf(Buffer.from(base64, 'base64'), where, stemOf(where)), where };
  }
  const where = source.kind === 'path' ? source.path : keptProblem(kept, source.sha256);
  return { text: readProblemText(where, (bytes) => matrixTextOf(bytes, where, stemOf(where))), where };
}

const stemOf = (path: string): string => basename(path, extname(path));
