import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AxeResults, ElementContext, RunOptions } from 'axe-core';
import type { Page } from '@playwright/test';
import { expect, test } from './workbench';

declare const axe: { run(context: ElementContext, options: RunOptions): Promise<AxeResults> };

const source = readFileSync(join(process.cwd(), 'node_modules/axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong in the window as it is, a line each. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(`${source};undefined`);
  const { violations } = await page.evaluate(() =>
    axe.run(
      // What is being computed anew is dimmed meanwhile, as what cannot be used is.
      { exclude: [['[aria-busy="true"]']] },
      { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] },
    ),
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, html }) => `${id}: ${help}: ${target.join(' ')} ${html.slice(0, 160)}`),
  );
}

const views = [
  '/runs',
  '/runs/new',
  '/problems',
  '/problems/datasets/qcqp-n20',
  '/problems/new/qcqp',
  '/solve',
  '/compare',
  '/studies',
  '/devices',
  '/settings',
  '/trash',
];

test('axe finds nothing in any view, light or dark, empty or with a run', async ({ workbench }) => {
  const page = workbench.page();
  const found: Record<string, string[]> = {};

  async function check(address: string, name = address): Promise<void> {
    await page.evaluate((to) => void (location.hash = to), address);
    // Loading is a state like any other: what matters is that the view is the one that was asked for.
    await expect.poll(() => page.evaluate(() => location.hash.slice(1))).toBe(address);
    await page.locator('main h1, main h2').first().waitFor();
    // What fades while something is computed is over soon; what is wrong stays wrong.
    for (let attempt = 0; attempt < 3; attempt++) {
      await page.waitForTimeout(attempt === 0 ? 500 : 2000);
      const lines = await findings(page);
      if (lines.length === 0) return;
      if (attempt === 2) found[name] = lines;
    }
  }

  await page.getByTestId('tour').waitFor();
  await check('/runs', 'an empty workspace with the tour');
  await page.getByRole('button', { name: 'Close the tour' }).click();
  await page.getByTestId('start-demo').click();
  await expect(page).toHaveURL(/#\/runs\/.+/);
  await expect(page.locator('[data-testid="chart"][data-metric="loss"]').first()).toBeVisible();
  const run = new URL(page.url()).hash.slice(1);
  const id = run.split('/')[2];
  const ofRun = [
    run,
    `${run}/dynamics`,
    `${run}/log`,
    `${run}/config`,
    `${run}/attempts`,
    `/compare?runs=${id}`,
    `/compare?runs=${id}&tab=dynamics`,
  ];
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const address of [...views, ...ofRun]) await check(address, `${address}, ${scheme}`);
  }
  expect(found).toEqual({});
});
