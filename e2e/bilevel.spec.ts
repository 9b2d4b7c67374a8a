import { expect, test } from './workbench';

test('a bilevel problem is looked at, run twice, and the two ways are compared on its landscape', async ({
  workbench,
}) => {
  const page = workbench.page();
  const algorithm = async (name: string) => {
    await page.getByTestId('bilevel-algorithm').click();
    await page.getByText(name, { exact: true }).last().click();
    await expect(page.getByTestId('bilevel-algorithm')).toContainText(name);
  };
  const openCoupled = async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Problems' }).click();
    await page.getByTestId('bilevel-family').filter({ hasText: 'Coupled box' }).click();
    await page.getByRole('button', { name: '2', exact: true }).click();
    await expect(page.getByTestId('landscape')).toBeVisible({ timeout: 20_000 });
    await expect(page.getByTestId('start-bilevel')).toBeEnabled();
  };
  const waitUntilDone = () => expect(page.getByTestId('run-state').first()).toHaveText(/done/i, { timeout: 30_000 });

  await test.step('what would make its numbers meaningless is said in words', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Problems' }).click();
    await page.getByTestId('bilevel-family').filter({ hasText: 'V2: the published table' }).click();
    await expect(page.getByTestId('bilevel-checks')).toContainText('does not depend on x', { timeout: 20_000 });
  });

  await test.step('two clicks start SSIGD on it, and its way is seen on the landscape', async () => {
    await openCoupled();
    await page.getByTestId('start-bilevel').click();
    await expect(page).toHaveURL(/#\/runs\/\d+.+/);
    const landscape = page.getByTestId('run-landscape');
    await expect(landscape.getByTestId('landscape')).toBeVisible({ timeout: 30_000 });
    await expect(landscape.getByTestId('landscape-path')).toHaveCount(1, { timeout: 20_000 });
    await waitUntilDone();
    await expect(page.getByRole('radio', { name: 'Lower-level solves' })).toBeVisible();
  });

  await test.step('another algorithm runs on the same problem', async () => {
    await openCoupled();
    await algorithm('DSIGD');
    await page.getByTestId('start-bilevel').click();
    await expect(page).toHaveURL(/#\/runs\/\d+.+dsigd/);
    await waitUntilDone();
  });

  await test.step('both ways lie over one landscape, along the same axes', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Runs' }).click();
    const ids = await page
      .getByTestId('run-row')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-run-id')));
    await page.goto(`${page.url().split('#')[0]}#/compare?runs=${ids.join(',')}`);
    await expect(page.getByTestId('compared-landscape').getByTestId('landscape-path')).toHaveCount(2, {
      timeout: 30_000,
    });
    await page.getByRole('radio', { name: 'Lower-level solves' }).click();
    await expect(page.getByRole('radio', { name: 'Lower-level solves' })).toHaveAttribute('aria-checked', 'true');
  });

  expect(workbench.consoleErrors).toEqual([]);
});
