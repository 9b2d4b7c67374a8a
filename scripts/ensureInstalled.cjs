// Runs before start, test and adjoint: installs the locked packages when they are missing or stale. It needs nothing but
// Node 18, because on a fresh clone there is nothing else.
const { spawnSync } = require('node:child_process');
const { existsSync, lstatSync, readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const root = dirname(__dirname);

const readLock = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;

/** Whether a package's os or cpu list allows this machine. `!x` excludes x. */
function fits(allowed, here) {
  const list = [allowed ?? []].flat();
  if (list.includes(`!${here}`)) return false;
  return list.every((one) => one.startsWith('!')) || list.includes(here);
}

/**
 * An optional package has to be here only when it is made for this very platform. Others may be for another one, or serve
 * one that is; and which C library this is would be slow to find out.
 */
function mayBeAbsent({ optional, devOptional, peer, os, cpu, libc }) {
  if (!optional && !devOptional && !peer) return false;
  const isForThisPlatform = os && cpu && !libc && fits(os, process.platform) && fits(cpu, process.arch);
  return !isForThisPlatform;
}

/** Why the packages have to be installed, or null. */
function whyInstall() {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return 'the packages are not installed yet';
  const wanted = readLock(join(root, 'package-lock.json'));
  const installed = readLock(installedFile);
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.link) continue;
    const name = path.replace(/^.*node_modules\//, '');
    const present = installed[path] && existsSync(join(root, path));
    if (!present && !mayBeAbsent(entry)) return `${name} is missing`;
    if (present && installed[path].version !== entry.version)
      return `${name} is ${installed[path].version}, and package-lock.json asks for ${entry.version}`;
  }
  return null;
}

// Standard output belongs to the command that follows.
const say = (line) => process.stderr.write(`${line}\n`);

/** `npm ci` empties the folder first; through a link it would empty somebody else's. */
const isLink = () => lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink() ?? false;

const why = whyInstall();
if (why !== null && isLink()) {
  say(`node_modules does not fit package-lock.json: ${why}. It is a link, so it is left as it is.`);
  say('Install where it points to, or remove the link, and type the same command again.');
  process.exitCode = 1;
} else if (why !== null) {
  say(`Installing the locked packages: ${why}. This takes a minute or two, once.`);
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const [command, ...rest] = npm ? [process.execPath, npm, ...args] : ['npm', ...args];
  const shell = !npm && process.platform === 'win32';
  const { status, error } = spawnSync(command, rest, { cwd: root, stdio: ['ignore', 2, 2], shell });
  if (status !== 0) {
    say(`The packages could not be installed (${error ? error.message : `npm ci ended with ${status}`}).`);
    say('This needs a connection to the npm registry once, and about 1 GB of disk. Then type the same command again.');
    process.exitCode = 1;
  }
}
