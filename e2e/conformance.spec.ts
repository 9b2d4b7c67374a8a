import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, expect, test, type ElectronApplication, type Page } from '@playwright/test';
import { conformanceCases } from '../src-main/host/conformance/cases';
import { buildConformance } from './conformance/build';
import { electronPath, isRoot } from './machine';

// The transports' conformance suite over Electron's MessagePorts: page, preload and main are the real ones, the engine is the
// suite's own in a process of its own. (src-main/host/conformance runs the same cases on the other transports.)
test.describe.configure({ mode: 'serial' });

let folder: string;
let app: ElectronApplication;
let page: Page;

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'adjoint-conformance-'));
  const { renderer, engineEntry } = await buildConformance(folder);
  app = await _electron.launch({
    executablePath: electronPath()!,
    args: [...(isRoot ? ['--no-sandbox'] : []), process.cwd()],
    env: {
      ...(process.env as Record<string, string>),
      ADJOINT_WORKSPACE: folder,
      ADJOINT_RENDERER: renderer,
      ADJOINT_ENGINE_ENTRY: engineEntry,
      ADJOINT_CONFORMANCE_CHILD: join(process.cwd(), 'src-main/host/conformance/child.cjs'),
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
      (which) => (globalThis as unknown as { conformance: { run(name: string): Promise<string | null> } }).conformance.run(which),
      name,
    );
    expect(failure).toBeNull();
  });
