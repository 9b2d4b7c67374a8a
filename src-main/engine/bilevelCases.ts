import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BilevelCase } from '@shared/bilevel';
import { AdjointError } from '@shared/errors';
import { readBilevelText } from './bilevelSource';
import { readProblemText } from './problemText';

const folder = (resources: string) => join(resources, 'cases', 'bilevel');

const names = (resources: string): string[] =>
  readdirSync(folder(resources))
    .filter((file) => file.endsWith('.json'))
    .map((file) => basename(file, '.json'))
    .sort();

/** The file of a case. @throws AdjointError `not-found` */
export function bilevelCasePath(resources: string, name: string): string {
  const known = names(resources);
  if (!known.includes(name))
    throw new AdjointError('not-found', `There is no case “${name}”.`, {
      where: folder(resources),
      fix: `There are: ${known.join(', ')}.`,
    });
  return join(folder(resources), `${name}.json`);
}

/** The bilevel problems that come with Adjoint; one that cannot be read is left out: `adjoint verify` says why. */
export function listBilevelCases(resources: string): BilevelCase[] {
  return names(resources).flatMap((name) => {
    try {
      const { problem, about, optimum } = readBilevelText(readProblemText(bilevelCasePath(resources, name)), name);
      const { d, n, m } = problem;
      return [{ name, about, dims: { d, n, m }, optimum: optimum?.F ?? null }];
    } catch {
      return [];
    }
  });
}
