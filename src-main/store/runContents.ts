import { readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';
import {
  annotationsSchema,
  attemptSchema,
  manifestSchema,
  processStateSchema,
  startRequestSchema,
  type Annotations,
  type Attempt,
  type CheckpointInfo,
  type Manifest,
  type ProcessState,
  type StartRequest,
} from '@shared/run';
import { names, parseLine } from './atomic';
import { parseSegmentFile, sumFile } from './segment';

/** The small files of a run, each read once. */
export interface RunContents {
  manifest: Manifest | null;
  annotations: Annotations;
  request: StartRequest | null;
  /** Ascending. */
  attempts: { k: number; attempt: Attempt | null; state: ProcessState | null }[];
  /** Missing and torn files by name, and what repairs have cut. */
  damage: string[];
}

/** What `readContents` needs of a run directory. */
export interface RunFiles {
  path: string;
  metricsDirectory: string;
  attempts(): number[];
  checkpoints(): CheckpointInfo[];
}

/** Reads what lists show of a run. Never throws for a damaged one, and reads no metric segment. */
export function readContents(run: RunFiles): RunContents {
  const damage: string[] = [];
  const read = <T extends z.ZodType>(name: string, schema: T, required: boolean): z.output<T> | null => {
    const path = `${run.path}/${name}`;
    // Asking first is cheaper than an exception, where the file is usually not there.
    if (!required && !statSync(path, { throwIfNoEntry: false })) return null;
    try {
      const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
      if (parsed.success) return parsed.data;
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') {
        if (required) damage.push(`${name} is missing`);
        return null;
      }
    }
    damage.push(`${name} is torn or not valid`);
    return null;
  };
  const manifest = read('manifest.json', manifestSchema, true);
  const annotations = read('annotations.json', annotationsSchema, false) ?? { tags: [], notes: '' };
  const request = read('request.json', startRequestSchema, false);
  const attempts = run.attempts().map((k) => {
    const state = read(`attempts/${k}/state.json`, processStateSchema, false);
    // A process that was killed before its attempt began did not lose attempt.json: it never wrote it.
    return { k, attempt: read(`attempts/${k}/attempt.json`, attemptSchema, state?.phase !== 'starting'), state };
  });
  for (const { file, valid } of run.checkpoints()) if (!valid) damage.push(`checkpoints/${file} is torn`);
  damage.push(...missingMetricFiles(run), ...pastRepairs(run));
  return { manifest, annotations, request, attempts, damage };
}

function missingMetricFiles(run: RunFiles): string[] {
  const files = new Set(names(run.metricsDirectory));
  const found: string[] = [];
  for (const file of files) {
    const segment = parseSegmentFile(file);
    if (segment && !files.has(sumFile(segment))) found.push(`metrics/${sumFile(segment)} is missing`);
    const partner = file.replace(/\.sum$/, '.arrows');
    if (partner !== file && parseSegmentFile(partner) && !files.has(partner))
      found.push(`metrics/${partner} is missing`);
  }
  return found.sort();
}

function pastRepairs(run: RunFiles): string[] {
  const path = `${run.path}/repairs.ndjson`;
  if (!statSync(path, { throwIfNoEntry: false })) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const cut = (parseLine(line) as { cut?: unknown } | null)?.cut;
      return Array.isArray(cut) ? cut.map(String) : [];
    });
}
