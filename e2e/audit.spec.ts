import { expect, test } from './workbench';

test('a gradient audit is watched while it grows, looked at in another measure, and followed into one inner solve', async ({
  workbench,
}) => {
  const page = workbench.page();
  await page.locator('[data-rail="audit"]').click();
  await page.getByTestId('audit-example').click();
  const cells = page.getByTestId('audit-cell');
  await expect(cells).toHaveCount(126, { timeout: 60_000 });
  await expect(page.getByRole('button', { name: 'anchored, unroll, 20 iterations, w = 0.1' })).toBeVisible();
  await page.getByRole('radio', { name: 'Cosine' }).click();
  await expect(page).toHaveURL(/measure=cosine/);
  await cells.first().click();
  await expect(page).toHaveURL(/mode=anchored/);
  await expect(page.getByTestId('iterates')).toBeVisible();
  await page.getByTestId('inner-iteration').fill('0');
  await expect(page.getByText('Network’s output').first()).toBeVisible();
  expect(workbench.consoleErrors).toEqual([]);
});
