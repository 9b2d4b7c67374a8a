import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type ElectronApplication, type Page } from '@playwright/test';
import { launchElectron } from './launchElectron';
import { conformanceCases } from '../src-main/host/conformance/cases';
import { spawnerCases } from '../src-main/host/conformance/spawnerCases';
import { buildConformance, buildForElectron } from './conformance/build';
import { electronPath, isRoot } from './machine';

// The transports' conformance suite over Electron's MessagePorts: page, preload and main are the real ones, the engine is the
// suite's own in a process of its own. (src-main/host/conformance runs the same cases on the other transports.)
const child = join(process.cwd(), 'src-main/host/conformance/child.cjs');

let folder: string;
let app: ElectronApplication;
let page: Page;

test.describe("transport: MessagePorts of Electron's window", () => {
  test.beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'adjoint-conformance-'));
    const { renderer, engineEntry } = await buildConformance(folder);
    app = await launchElectron({
      executablePath: electronPath()!,
      args: [...(isRoot ? ['--no-sandbox'] : []), process.cwd()],
      env: {
        ...(process.env as Record<string, string>),
        ADJOINT_WORKSPACE: folder,
        // What the app keeps beside the workspace goes with the folder, too.
        XDG_CONFIG_HOME: join(folder, 'config'),
        ADJOINT_RENDERER: renderer,
        ADJOINT_ENGINE_ENTRY: engineEntry,
        ADJOINT_CONFORMANCE_CHILD: child,
      },
    });
    page = await app.firstWindow();
    await page.waitForFunction(() => 'conformance' in globalThis);
  });

  test.afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { name } of conformanceCases)
    test(name, async () => {
      const failure = await page.evaluate(
        (which) =>
          (globalThis as unknown as { conformance: { run(name: string): Promise<string | null> } }).conformance.run(
            which,
          ),
        name,
      );
      expect(failure).toBeNull();
    });
});

test.describe('spawner: Electron utility processes', () => {
  let failures: Record<string, string | null> = {};

  test.beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'adjoint-spawner-'));
    const main = await buildForElectron('spawnerMain', folder);
    const args = [...(isRoot ? ['--no-sandbox'] : []), main];
    const env = { ...process.env, ADJOINT_CONFORMANCE_CHILD: child };
    const output = execFileSync(electronPath()!, args, { env, encoding: 'utf8', timeout: 60_000 });
    const lines = output.split('\n').filter((line) => line.startsWith('{"name"'));
    const results = lines.map((line) => JSON.parse(line) as { name: string; failure: string | null });
    failures = Object.fromEntries(results.map(({ name, failure }) => [name, failure]));
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { name } of spawnerCases) test(name, () => expect(failures[name]).toBeNull());
});
