import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { jsonText, readJsonOrNull, writeFileAtomic } from '../store/atomic';

/** Training on small problems keeps one core busy: a slot a core, but not so many that a laptop becomes unusable. */
const defaultSlots = (): number => Math.max(1, Math.min(4, cpus().length));

const settingsSchema = z.object({
  /** Runs that may go on at the same time. */
  slots: z.number().int().min(1).max(64),
});
export type WorkspaceSettings = z.infer<typeof settingsSchema>;

const file = (workspace: string): string => join(workspace, 'settings.json');

/** A missing or damaged file means the defaults: settings are convenience, never data. */
export function readSettings(workspace: string): WorkspaceSettings {
  const stored = existsSync(file(workspace)) ? readJsonOrNull(file(workspace), settingsSchema) : null;
  return stored ?? { slots: defaultSlots() };
}

export function writeSettings(workspace: string, settings: WorkspaceSettings): void {
  writeFileAtomic(file(workspace), jsonText(settings));
}
