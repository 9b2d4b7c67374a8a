// The adjoint command from a checkout: builds what is stale, then runs the bundle with the same arguments.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './ensureBuilt.mjs';

ensureBuilt({ shell: false });
const bundle = fileURLToPath(new URL('../out/node/adjoint.mjs', import.meta.url));
const { status, signal } = spawnSync(process.execPath, [bundle, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = signal ? 1 : (status ?? 1);
