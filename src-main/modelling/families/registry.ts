import type { z } from 'zod';
import { AdjointError, type Finding } from '@shared/errors';
import { dc3 } from './dc3';
import type { ProblemFamily, Sizes } from './family';
import { fsnet } from './fsnet';
import { qcqp } from './qcqp';

/** Every family that can be generated. A new one is a file beside this one and an entry here. */
export const families: readonly ProblemFamily[] = [qcqp, fsnet, dc3].map(anyFamily);

/** @throws AdjointError `not-found` with the families there are */
export function findFamily(kind: string): ProblemFamily {
  const found = families.find((family) => family.kind === kind);
  if (found) return found;
  throw new AdjointError('not-found', `There is no family of problems “${kind}”.`, {
    where: 'family',
    fix: `There are: ${families.map((family) => family.kind).join(', ')}.`,
  });
}

/** A family among others: its own schema checks what it is given. */
function anyFamily(family: unknown): ProblemFamily {
  return family as ProblemFamily;
}

export type FamilySettings = Sizes & Record<string, unknown>;

/** Settings with every default filled in, or a finding for each that is wrong. */
export function parseSettings(
  family: Pick<ProblemFamily, 'settings'>,
  given: Record<string, unknown>,
): { settings: FamilySettings | null; findings: Finding[] } {
  const parsed = family.settings.safeParse(given);
  if (parsed.success) return { settings: parsed.data as FamilySettings, findings: [] };
  return { settings: null, findings: explainIssues(parsed.error, family.settings) };
}

/** `parseSettings`. @throws AdjointError `bad-request` with every finding */
export function requireSettings(
  family: Pick<ProblemFamily, 'settings'>,
  given: Record<string, unknown>,
): FamilySettings {
  const { settings, findings } = parseSettings(family, given);
  if (settings) return settings;
  throw new AdjointError('bad-request', 'These settings of the generator are not valid.', {
    where: findings[0].path,
    fix: 'Change the settings that are named.',
    findings,
  });
}

/** What is wrong with settings, by the setting. */
export function explainIssues({ issues }: z.ZodError, { shape }: z.ZodObject): Finding[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          path: key,
          message: `there is no setting “${key}”; known: ${Object.keys(shape).join(', ')}`,
        }))
      : [{ path: issue.path.join('.'), message: issue.message }],
  );
}
