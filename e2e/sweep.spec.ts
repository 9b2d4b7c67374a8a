import { expect, test } from './workbench';

const sweep = `name: Penalty weight
dataset: mine
network: { kind: mlp, hidden: [16] }
technique: { kind: softPenalty, lambda: 10 }
training: { epochs: 8, batchSize: 16 }
sweep:
  axes:
    technique.lambda: [1, 10, 100]
  repeats: 2
`;

test('generate a family, sweep λ over three values and two seeds, compare, export a figure, read a study', async ({
  workbench,
}) => {
  const page = workbench.page();

  await test.step('a dataset is generated', async () => {
    await page.getByRole('link', { name: 'Problems' }).click();
    await page.getByTestId('family').first().click();
    for (const [path, value] of Object.entries({ n: '12', m: '5', e: '4', instances: '60' }))
      await page.locator(`[data-setting="${path}"] input`).fill(value);
    await page.getByTestId('dataset-name').fill('mine');
    await expect(page.getByTestId('generate')).toBeEnabled({ timeout: 20_000 });
    await page.getByTestId('generate').click();
    await expect(page.locator('[data-testid="generation"][data-state="done"]')).toBeVisible({ timeout: 40_000 });
  });

  await test.step('a sweep over it is written, says what it would run, and runs', async () => {
    await page.getByTestId('train-on-this').click();
    await page.getByTestId('writing').getByText('Text').click();
    const editor = page.getByTestId('new-run-panel').locator('.cm-content');
    await editor.click();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.insertText(sweep);
    await expect(page.getByTestId('sweep-plan')).toContainText('3 points × 2 = 6', { timeout: 15_000 });
    await expect(page.getByTestId('start-run')).toHaveText(/Start 6 runs/);
    await page.getByTestId('start-run').click();
    const row = page.getByTestId('sweep-row').filter({ hasText: 'Penalty weight' });
    await expect(row).toContainText('6/6 done', { timeout: 90_000 });
  });

  await test.step('its runs are compared: six curves on each chart, the trade-off with its front', async () => {
    await page.getByTestId('sweep-row').first().click();
    await page.keyboard.press('x');
    await page.getByTestId('compare-selected').click();
    await expect(page).toHaveURL(/#\/compare/);
    await expect(page.getByTestId('compare-entry')).toHaveCount(6, { timeout: 15_000 });
    await expect(page.getByTestId('compare-panel').first().locator('canvas').first()).toBeVisible({ timeout: 15_000 });
    await expect(page.getByTestId('dataset-banner')).toHaveCount(0);
    await page.getByTestId('compare-tab-tradeoff').click();
    await expect(page.getByTestId('trade-point')).toHaveCount(6, { timeout: 15_000 });
    await expect(page.getByTestId('pareto-front')).toBeVisible();
    await page.getByTestId('compare-tab-charts').click();
  });

  await test.step('a chart of the comparison becomes a figure', async () => {
    const panel = page.getByTestId('compare-panel').first();
    await panel.hover();
    await panel.getByTestId('compare-chart-menu').click();
    await page.getByText('Export figure…').click();
    const { name, text } = await workbench.download(() => page.getByTestId('figure-svg').click());
    expect(name).toMatch(/\.svg$/);
    expect(text).toMatch(/<svg [^>]*width="85mm"/);
    await page.getByTestId('figure-export').getByLabel('Close (Esc)').click();
  });

  await test.step('a study says what its runs would be, and is found again by its address', async () => {
    await page.getByRole('link', { name: 'Studies' }).click();
    await page.locator('[data-setting="dataset"] input').fill('mine');
    await expect(page.getByTestId('study-progress')).toContainText('0 of 15 runs finished', { timeout: 20_000 });
    await expect(page.getByTestId('start-study')).toHaveText(/Run 15 missing/);
    await page.reload();
    await expect(page.locator('[data-setting="dataset"] input')).toHaveValue('mine', { timeout: 20_000 });
  });

  expect(workbench.consoleErrors).toEqual([]);
});
