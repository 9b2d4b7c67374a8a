// npm start: builds what is stale and opens the workbench, in a window where that can be had, else in the browser.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './ensureBuilt.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const usage = `Usage: npm start -- [options]

  --demo            begin the example run at once
  --workspace DIR   folder of runs and datasets (default: ADJOINT_WORKSPACE, or Adjoint in your home folder)
  --browser         serve the workbench on 127.0.0.1 instead of opening a window
  --port N          port for the browser (default: a free one)`;

const options = readOptions();
requireNode();
ensureBuilt({ shell: true });

const electron = options.browser ? { problem: 'a browser was asked for' } : findElectron();
if (electron.path) openWindow(electron.path);
else serve(electron.problem);

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        demo: { type: 'boolean', default: false },
        workspace: { type: 'string' },
        port: { type: 'string' },
        browser: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (!values.help) return values;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}

/** npm's own Node 24 comes first on the path of npm scripts; a platform without it has to bring one. */
function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) return;
  console.error(
    `Adjoint's engine needs Node ≥ 22.13; this is ${process.versions.node}, and npm has no Node for this platform. Install one.`,
  );
  process.exit(1);
}

/** Electron's binary, or in words why there is none. */
function findElectron() {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)
    return { problem: 'there is no display' };
  const file =
    process.platform === 'win32'
      ? 'electron.exe'
      : process.platform === 'darwin'
        ? 'Electron.app/Contents/MacOS/Electron'
        : 'electron';
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) {
    const path = join(override, file);
    return existsSync(path) ? { path } : { problem: `there is no Electron in ${override}` };
  }
  let folder;
  try {
    folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  } catch {
    return { problem: 'the electron package is not installed' };
  }
  const path = join(folder, 'dist', file);
  if (isComplete(folder, path)) return { path };
  // The package fetches its binary when it is first loaded. Without a network this may take long to fail.
  console.error("Getting Electron's binary, once (about 120 MB).");
  const script = `require(${JSON.stringify(folder)})`;
  const { status, signal } = spawnSync(process.execPath, ['-e', script], {
    stdio: 'ignore',
    timeout: 300_000,
    killSignal: 'SIGKILL',
  });
  if (status === 0 && existsSync(path)) return { path };
  return { problem: `Electron's binary could not be had${signal ? ' in five minutes' : ''}` };
}

function isComplete(folder, path) {
  // path.txt is written last.
  return (
    existsSync(path) &&
    existsSync(join(folder, 'path.txt')) &&
    readFileSync(join(folder, 'path.txt'), 'utf8').length > 0
  );
}

function openWindow(path) {
  const args = [
    // Chromium's sandbox refuses to run as root.
    ...(process.platform === 'linux' && process.getuid() === 0 ? ['--no-sandbox'] : []),
    root,
    ...(options.workspace ? ['--workspace', options.workspace] : []),
    ...(options.demo ? ['--demo'] : []),
  ];
  const env = { ...process.env, ADJOINT_NODE: process.execPath };
  // This variable would make Electron a plain Node.
  delete env.ELECTRON_RUN_AS_NODE;
  const started = Date.now();
  const child = spawn(path, args, { cwd: process.cwd(), env, stdio: ['ignore', 'inherit', 'pipe'] });
  // Chromium's own complaints about the desktop are nobody's business here.
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (!/^\[\d+:\d+\/[\d.]+:(ERROR|WARNING|INFO):/.test(line)) console.error(line);
  });
  // Ctrl-C reaches Electron as well, which decides; this process waits for it.
  const wait = () => undefined;
  process.on('SIGINT', wait).on('SIGTERM', () => child.kill('SIGTERM'));
  const failed = (how) => {
    process.off('SIGINT', wait);
    serve(`Electron could not start (${how})`);
  };
  child.once('error', (error) => failed(error.message));
  child.once('exit', (code, signal) => {
    const startedBadly =
      (code !== 0 || signal) && Date.now() - started < 5000 && signal !== 'SIGTERM' && signal !== 'SIGINT';
    if (startedBadly) failed(signal ?? `exit code ${code}`);
    else process.exitCode = code ?? 1;
  });
}

function serve(problem) {
  console.error(`No window: ${problem}. Open the address below in a browser instead; it is the same workbench.`);
  const args = [
    join(root, 'out/node/adjoint.mjs'),
    'serve',
    ...(options.workspace ? ['--workspace', options.workspace] : []),
    ...(options.port ? ['--port', options.port] : []),
    ...(options.demo ? ['--demo'] : []),
  ];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  process.on('SIGINT', () => undefined).on('SIGTERM', () => child.kill('SIGTERM'));
  child.once('exit', (code) => (process.exitCode = code ?? 1));
}
