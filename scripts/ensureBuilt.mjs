// Builds what is stale, and only that: the Node bundles (engine, run process, command line) and the shell (Electron's main,
// preload and the renderer).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const projectRoot = fileURLToPath(new URL('..', import.meta.url));

const builds = {
  node: {
    title: 'engine and command line',
    sources: [
      ...['src-main', 'src-shared', 'scripts/buildSimd64.mts', 'scripts/float64Transform.mts'],
      ...['vite.node.config.mts', 'package-lock.json'],
    ],
    outputs: ['adjoint.mjs', 'engine.mjs', 'run.mjs', 'labels.mjs', 'simd64/thread.mjs'].map(
      (name) => `out/node/${name}`,
    ),
    command: ['node_modules/vite/bin/vite.js', 'build', '-c', 'vite.node.config.mts', '--logLevel', 'warn'],
  },
  shell: {
    title: 'window',
    sources: ['src-main/electron', 'src-renderer', 'src-shared', 'electron.vite.config.ts', 'package-lock.json'],
    outputs: ['out/main/main.js', 'out/preload/preload.js', 'out/renderer/index.html'],
    command: ['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn'],
  },
};

/** A digest of name, size and time of every source file: it changes with any edit, addition, removal or checkout. */
export function sourceDigest(root, sources) {
  const hash = createHash('sha256');
  const add = (path) => {
    const at = join(root, path);
    const info = statSync(at, { throwIfNoEntry: false });
    if (!info) return;
    if (info.isDirectory()) for (const name of readdirSync(at).sort()) add(`${path}/${name}`);
    else if (!/\.test\.ts$/.test(path)) hash.update(`${path}\n${info.size}\n${info.mtimeMs}\n`);
  };
  for (const source of sources) add(source);
  return hash.digest('hex');
}

const stampFile = (root, name) => join(root, 'out', `.built-${name}`);

/** Why a build is needed, or null. */
export function whyBuild(root, name, { sources, outputs } = builds[name]) {
  if (!outputs.every((path) => existsSync(join(root, path)))) return 'not built yet';
  const stamp = stampFile(root, name);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sourceDigest(root, sources)) return null;
  return 'sources have changed';
}

/**
 * Ends the process with code 1 when a build fails.
 * @param {{ shell: boolean }} what `shell`: also the window
 */
export function ensureBuilt({ shell }, root = projectRoot) {
  // The test command has just built everything.
  if (process.env.ADJOINT_SKIP_BUILD === '1') return;
  for (const name of shell ? ['node', 'shell'] : ['node']) {
    if (whyBuild(root, name) === null) continue;
    alone(root, () => {
      const why = whyBuild(root, name);
      if (why !== null) build(root, name, why);
    });
  }
}

function build(root, name, why) {
  const { title, sources, command } = builds[name];
  process.stderr.write(`Building the ${title}: ${why}.\n`);
  const digest = sourceDigest(root, sources);
  rmSync(stampFile(root, name), { force: true });
  // Standard output belongs to the command that follows.
  const [script, ...args] = command;
  const { status } = spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    process.stderr.write(`The ${title} could not be built; the messages above say why.\n`);
    process.exit(1);
  }
  writeFileSync(stampFile(root, name), digest);
}

/** One build at a time: two commands that start at once would write into the same folder. */
function alone(root, work) {
  const lock = join(root, 'out', '.building');
  mkdirSync(join(root, 'out'), { recursive: true });
  const giveUp = Date.now() + 180_000;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
      // A build that was killed leaves its lock behind.
      if (Date.now() > giveUp || (since !== undefined && Date.now() - since > 180_000))
        rmSync(lock, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  try {
    work();
  } finally {
    release();
    process.removeListener('exit', release);
  }
}
