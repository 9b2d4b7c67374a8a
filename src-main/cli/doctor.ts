import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cpus, totalmem } from 'node:os';
import { Command } from 'commander';
import { formatBytes } from '@shared/format';
import { build } from '../engine/build';
import { simdLevel } from '../numerics/devices/simd';
import { probeDevices } from '../numerics/devices/probe';
import { isLocked } from '../store/lock';
import { action, exitCodes, printJson, printLine, withCommonOptions, type CommonOptions, type Places } from './context';

interface Check {
  name: string;
  /** `no` is worth knowing; only `bad` stops work. */
  verdict: 'ok' | 'no' | 'bad';
  detail: string;
}

/** The deepest folder on the way to `path` that exists. */
function existingParent(path: string): string {
  let at = path;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

function workspaceChecks(workspace: string): Check[] {
  const at = existingParent(workspace);
  const checks: Check[] = [];
  try {
    accessSync(at, constants.W_OK);
    checks.push({
      name: 'workspace',
      verdict: 'ok',
      detail: `${workspace}${at === workspace ? '' : ' (will be made)'}`,
    });
  } catch {
    checks.push({
      name: 'workspace',
      verdict: 'bad',
      detail: `${at} is not writable: choose another folder with --workspace`,
    });
  }
  const disk = statfsSync(at);
  const free = disk.bavail * disk.bsize;
  checks.push({ name: 'free disk', verdict: free < 1e9 ? 'bad' : 'ok', detail: formatBytes(free) });
  const lock = join(workspace, 'workspace.lock');
  const locked = existsSync(lock) && isLocked(lock);
  checks.push({
    name: 'workspace in use',
    verdict: locked ? 'no' : 'ok',
    detail: locked ? 'an app has it open' : 'by nobody',
  });
  return checks;
}

function partChecks(places: Places): Check[] {
  const parts = {
    'run process': places.runEntry,
    renderer: join(places.renderer, 'index.html'),
    examples: join(places.resources, 'experiments'),
  };
  return Object.entries(parts).map(([name, path]) => ({
    name,
    verdict: existsSync(path) ? 'ok' : 'bad',
    detail: existsSync(path) ? path : `${path} is missing: run "npm run build"`,
  }));
}

export function doctorCommand(places: Places): Command {
  return withCommonOptions(new Command('doctor').description('Checks this machine and says what is missing.')).action(
    action(async (options: CommonOptions) => {
      const major = Number(process.versions.node.split('.')[0]);
      const display = process.platform !== 'linux' || !!process.env.DISPLAY || !!process.env.WAYLAND_DISPLAY;
      const checks: Check[] = [
        { name: 'adjoint', verdict: 'ok', detail: `${build.version}${build.commit ? ` (${build.commit})` : ''}` },
        {
          name: 'node',
          verdict: major >= 22 ? 'ok' : 'bad',
          detail: `${process.version}${major >= 22 ? '' : ': 22 or newer is needed'}`,
        },
        {
          name: 'processor',
          verdict: 'ok',
          detail: `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${formatBytes(totalmem())}`,
        },
        { name: 'WebAssembly SIMD', verdict: simdLevel() === 'none' ? 'no' : 'ok', detail: simdLevel() },
        {
          name: 'display',
          verdict: display ? 'ok' : 'no',
          detail: display ? 'windows can be opened' : 'none: use "adjoint serve" and a browser',
        },
        ...workspaceChecks(options.workspace),
        ...partChecks(places),
        ...(await probeDevices(options.workspace)).map((device): Check => ({
          name: `device ${device.name}`,
          verdict: device.available ? 'ok' : 'no',
          detail: device.detail,
        })),
      ];
      if (checks.some((check) => check.verdict === 'bad')) process.exitCode = exitCodes.failed;
      if (options.json) return checks.forEach(printJson);
      const width = Math.max(...checks.map((check) => check.name.length));
      for (const check of checks) printLine(`${check.verdict.padEnd(3)} ${check.name.padEnd(width)}  ${check.detail}`);
    }),
  );
}
