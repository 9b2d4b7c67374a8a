import { join } from 'node:path';
import { expect, test } from './workbench';

test('generate a dataset, train on it in two clicks, find it with its provenance', async ({ workbench }) => {
  const page = workbench.page();

  await test.step('a family shows its instances, and what is wrong beside its field', async () => {
    await page.getByRole('link', { name: 'Problems' }).click();
    await page.getByTestId('family').first().click();
    const field = (path: string) => page.locator(`[data-setting="${path}"]`);
    for (const [path, value] of [['n', '12'], ['m', '5'], ['e', '40'], ['instances', '60']])
      await field(path).locator('input').fill(value);
    await expect(field('e')).toContainText('choose e ≤ n', { timeout: 15_000 });
    await expect(page.getByTestId('generate')).toBeDisabled();
    await field('e').locator('input').fill('4');
    await expect(page.getByTestId('slice')).toBeVisible({ timeout: 15_000 });
    await expect(page.getByTestId('spectrum')).toBeVisible();
    await expect(page.getByRole('radio', { name: /^Instance/ })).toHaveCount(4);
  }); // prettier-ignore

  await test.step('its dataset is generated', async () => {
    await page.getByTestId('dataset-name').fill('mine');
    await page.getByTestId('generate').click();
    await expect(page.locator('[data-testid="generation"][data-state="done"]')).toBeVisible({ timeout: 30_000 });
  });

  await test.step('two clicks start a run on it', async () => {
    await page.getByTestId('train-on-this').click();
    await page.getByTestId('start-run').click();
    await expect(page).toHaveURL(/#\/runs\/\d+.+/);
    await expect(page.getByTestId('run-state').first()).toHaveText(/running/i, { timeout: 30_000 });
    await page.getByTestId('cancel').click();
    await expect(page.getByTestId('run-state').first()).toHaveText(/cancelled/i, { timeout: 30_000 });
  });

  await test.step('the list knows it, and who uses it', async () => {
    await page.getByRole('link', { name: 'Problems' }).click();
    await page.getByTestId('dataset-row').filter({ hasText: 'mine' }).click();
    const panel = page.getByTestId('dataset-panel');
    await expect(panel).toContainText('Used by 1 run');
    await expect(panel.getByTestId('slice')).toBeVisible({ timeout: 15_000 });
    await panel.getByRole('link', { name: 'Open its settings' }).click();
    await expect(page.locator('[data-setting="n"] input')).toHaveValue('12');
  });

  if (workbench.shell === 'electron')
    await test.step('a chosen file tells where it lies, and is imported', async () => {
      await page.goto(`${page.url().split('#')[0]}#/problems/import`);
      await page.getByTestId('import-file').setInputFiles(join(workbench.workspace, 'datasets', 'mine.npz'));
      await expect(page.getByTestId('import-path')).toHaveValue(join(workbench.workspace, 'datasets', 'mine.npz'));
      await page.getByPlaceholder('mine').fill('copy');
      await page.getByTestId('import').click();
      await expect(page.getByTestId('dataset-panel')).toContainText('copy.npz', { timeout: 30_000 });
    });

  expect(workbench.consoleErrors).toEqual([]);
});
