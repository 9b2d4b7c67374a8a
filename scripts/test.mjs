// The test command: static checks, build, unit and integration tests, end-to-end tests. Ends with one line of counts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const results = mkdtempSync(join(tmpdir(), 'adjoint-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
const started = Date.now();
const long = process.argv.includes('--long');

function run(command, args, env = {}) {
  const shown = [command, ...args].join(' ');
  console.log(`\n› ${shown}`);
  const { status, error } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, ...env },
    shell: process.platform === 'win32',
  });
  if (error) console.error(`could not start ${command}: ${error.message}`);
  return status === 0;
}

/** A check counts as one test. */
function check(command, ...args) {
  const ok = run(command, args);
  total[ok ? 'passed' : 'failed']++;
  return ok;
}

/** Adds what a test runner reported; a runner that failed without reporting counts as one failure. */
function count(ok, file, read) {
  const counts = existsSync(file) ? read(JSON.parse(readFileSync(file, 'utf8'))) : { passed: 0, failed: 0, skipped: 0 };
  if (!ok && counts.failed === 0) counts.failed = 1;
  for (const key of Object.keys(total)) total[key] += counts[key];
}

function unitTests() {
  const file = join(results, 'vitest.json');
  const ok = run('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`], {
    ADJOINT_SKIP_BUILD: '1',
    ...(long ? { ADJOINT_LONG_TESTS: '1' } : {}),
  });
  count(ok, file, (report) => ({
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  }));
}

async function endToEndTests() {
  const { chromiumPath, electronPath } = await import('../e2e/machine.ts');
  const display = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  const xvfb = !display && spawnSync('which', ['xvfb-run']).status === 0;
  const missing = (name, reason) => {
    console.log(`\nskipped: end-to-end tests in ${name}: ${reason}`);
    total.skipped++;
  };
  const projects = [];
  if (!electronPath())
    missing('Electron', 'its binary is not installed (set ELECTRON_OVERRIDE_DIST_PATH to a folder that holds one)');
  else if (!display && !xvfb) missing('Electron', 'there is no display, and no xvfb-run to make one');
  else projects.push('electron');
  if (!chromiumPath()) missing('Chromium', 'no Chromium found (set CHROMIUM_PATH)');
  else projects.push('chromium');
  if (projects.length === 0) return;

  const file = join(results, 'playwright.json');
  const args = [
    'test',
    '-c',
    'e2e/playwright.config.ts',
    '--reporter=list,json',
    ...projects.flatMap((name) => ['--project', name]),
  ];
  const env = { PLAYWRIGHT_JSON_OUTPUT_NAME: file, PLAYWRIGHT_JSON_OUTPUT_FILE: file };
  const ok =
    xvfb && projects.includes('electron')
      ? run('xvfb-run', ['-a', '-s', '-screen 0 1920x1080x24', 'playwright', ...args], env)
      : run('playwright', args, env);
  count(ok, file, ({ stats }) => ({
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky,
    skipped: stats.skipped,
  }));
}

if (!long) {
  check('eslint', '.');
  check('prettier', '--check', '--log-level', 'warn', '.');
  check('depcruise', 'src-main', 'src-shared', 'src-renderer', '--output-type', 'err');
  check('tsc', '-p', 'tsconfig.node.json');
  check('tsc', '-p', 'tsconfig.e2e.json');
  check('vue-tsc', '-p', 'tsconfig.web.json');
}
const built = check('electron-vite', 'build') && check('vite', 'build', '-c', 'vite.node.config.mts');
if (built) {
  unitTests();
  if (!long) await endToEndTests();
} else console.error('\nThe build failed: tests that need it were not run.');

rmSync(results, { recursive: true, force: true });
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`\nin ${Math.round((Date.now() - started) / 1000)} s`);
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed > 0 ? 1 : 0;
