import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

// In a project of its own whose Electron and whose bundle only tell what they were asked: npm start is about which of the two
// is begun, and how.
let project: string;
let electronFolder: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'adjoint-start-'));
  electronFolder = join(project, 'electron');
  for (const folder of ['scripts', 'out/node', 'electron']) mkdirSync(join(project, folder), { recursive: true });
  for (const name of ['start.mjs', 'ensureBuilt.mjs'])
    copyFileSync(join(import.meta.dirname, name), join(project, 'scripts', name));
  writeFileSync(
    join(project, 'out/node/adjoint.mjs'),
    "console.log('bundle ' + JSON.stringify(process.argv.slice(2)));",
  );
});
afterEach(() => rmSync(project, { recursive: true }));

/** An Electron that is a shell script. */
function electron(script: string): void {
  const path = join(electronFolder, 'electron');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

const environment = (display: string | undefined) => {
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...env } = process.env;
  const withDisplay = display === undefined ? env : { ...env, DISPLAY: display };
  return { ...withDisplay, ADJOINT_SKIP_BUILD: '1', ELECTRON_OVERRIDE_DIST_PATH: electronFolder };
};

function start(display: string | undefined, ...args: string[]) {
  const script = join(project, 'scripts', 'start.mjs');
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', env: environment(display) });
}

describe.runIf(process.platform === 'linux')('npm start', () => {
  test('opens the window with the Node that it runs under, the workspace and the demo', () => {
    electron(`echo "$ADJOINT_NODE|$@" > ${project}/asked`);
    const { status, stderr } = start(':0', '--workspace', '/data/my runs', '--demo');
    expect([status, stderr]).toEqual([0, '']);
    const [node, args] = readFileSync(join(project, 'asked'), 'utf8').trim().split('|');
    expect(node).toBe(process.execPath);
    expect(args).toBe(`${process.getuid!() === 0 ? '--no-sandbox ' : ''}${project}/ --workspace /data/my runs --demo`);
  });

  test("keeps Chromium's complaints about the desktop to itself, and nothing else", () => {
    electron("echo '[12:34/567.89:ERROR:bus.cc(1)] no bus' >&2; echo 'a problem of ours' >&2");
    expect(start(':0').stderr).toBe('a problem of ours\n');
  });

  test('without a display says so in one line and serves the same workbench', () => {
    electron('exit 0');
    const { stdout, stderr } = start(undefined, '--workspace', '/data', '--port', '5000', '--demo');
    expect(stderr).toMatch(/^No window: there is no display\..*\n$/);
    expect(stdout).toBe('bundle ["serve","--workspace","/data","--port","5000","--demo"]\n');
  });

  test('without an Electron, or with one that cannot run, serves as well', () => {
    expect(start(':0').stderr).toMatch(/^No window: there is no Electron in .*\n$/);
    electron('exit 127');
    const broken = start(':0');
    expect(broken.stderr).toMatch(/^No window: Electron could not start \(exit code 127\)\..*\n$/);
    expect(broken.stdout).toBe('bundle ["serve"]\n');
    electron('kill -TRAP $$');
    expect(start(':0').stderr).toContain('Electron could not start (SIGTRAP)');
  });

  test('serves when a browser is asked for', () => {
    electron('exit 0');
    expect(start(':0', '--browser')).toMatchObject({ stdout: 'bundle ["serve"]\n' });
  });

  test('refuses options that it does not have', () => {
    const { status, stderr } = start(':0', '--workspaces', 'x');
    expect(status).toBe(2);
    expect(stderr).toContain("Unknown option '--workspaces'");
    expect(stderr).toContain('Usage: npm start');
  });

  test('ends with the window after Ctrl-C, and does not open a browser then', async () => {
    electron("trap 'exit 0' INT; echo ready >&2; while :; do sleep 0.05; done");
    const script = join(project, 'scripts', 'start.mjs');
    const child = spawn(process.execPath, [script], { env: environment(':0'), detached: true });
    let output = '';
    await new Promise<void>((resolve) =>
      child.stderr.on('data', (chunk: Buffer) => {
        output += String(chunk);
        if (output.includes('ready')) resolve();
      }),
    );
    // As a terminal does: to the whole group.
    process.kill(-child.pid!, 'SIGINT');
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
    expect(output).toBe('ready\n');
  });
});
