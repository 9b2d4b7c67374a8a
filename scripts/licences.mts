import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

interface LockedPackage {
  version: string;
  license?: string;
  dev?: boolean;
  devOptional?: boolean;
  optional?: boolean;
  peer?: boolean;
}

export interface Licence {
  name: string;
  version: string;
  licence: string;
}

/** Packages that the workbench is made of, with their licences: what the lock file knows, tools for building left out. */
export function licences(): Licence[] {
  const { packages } = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  const found = new Map<string, Licence>();
  for (const [path, { version, license, dev, devOptional, optional, peer }] of Object.entries(packages)) {
    if (path === '' || dev || devOptional || optional || peer) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (name.startsWith('@types/')) continue;
    found.set(`${name} ${version}`, { name, version, licence: license ?? licenceFile(path) });
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Old packages name their licence in a file only: its first line. */
function licenceFile(path: string): string {
  const file = at(`${path}/LICENSE`);
  const first = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n')[0] : '';
  return first.replace(/ license$/i, '') || 'see its package';
}

const id = 'virtual:licences';

/** Makes the list a module that the renderer can import. */
export const licencesPlugin = (): Plugin => ({
  name: 'licences',
  resolveId: (source) => (source === id ? `\0${id}` : null),
  load: (source) => (source === `\0${id}` ? `export const licences = ${JSON.stringify(licences())};` : null),
});
