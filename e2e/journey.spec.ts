import type { Locator, Page } from '@playwright/test';
import { expect, recordedProcesses, test } from './workbench';

/** What a chart shows, as something that can be compared. */
const picture = (chart: Locator): Promise<string> =>
  chart
    .locator('canvas')
    .first()
    .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

const expectState = (page: Page, state: RegExp) =>
  expect(page.getByTestId('run-state').first()).toHaveText(state, { timeout: 20_000 });

const chartOf = (page: Page, metric: string) => page.locator(`[data-testid="chart"][data-metric="${metric}"]`);

async function expectCurveMoves(chart: Locator): Promise<void> {
  await expect(chart).toBeVisible();
  const before = await picture(chart);
  await expect.poll(() => picture(chart), { timeout: 15_000 }).not.toBe(before);
}

test('start the demo, watch it, pause, resume, kill, resume, come back, export', async ({ workbench }) => {
  let page = workbench.page();

  await test.step('an empty workspace offers the demo', async () => {
    await page.getByTestId('start-demo').click();
    await expect(page).toHaveURL(/#\/runs\/.+/);
    await expectState(page, /running/i);
  });

  await test.step('curves move', async () => {
    await expectCurveMoves(chartOf(page, 'loss'));
  });

  await test.step('pause stops the curves, resume moves them on', async () => {
    await page.getByTestId('pause').click();
    await expectState(page, /paused/i);
    await page.waitForTimeout(1500);
    const still = await picture(chartOf(page, 'loss'));
    await page.waitForTimeout(1000);
    expect(await picture(chartOf(page, 'loss'))).toBe(still);
    await page.getByTestId('resume').first().click();
    await expectState(page, /running/i);
    await expectCurveMoves(chartOf(page, 'loss'));
  });

  await test.step('a killed run process is marked, and resumed from its checkpoint', async () => {
    const [pid] = recordedProcesses(workbench.workspace);
    process.kill(pid, 'SIGKILL');
    await expectState(page, /crashed/i);
    await expect(page.getByText(/killed \(SIGKILL\)/).first()).toBeVisible();
    await page.getByTestId('resume').first().click();
    await expectState(page, /running/i);
    await expectCurveMoves(chartOf(page, 'loss'));
    expect(recordedProcesses(workbench.workspace)).toHaveLength(2);
  });

  await test.step('the window can be closed and opened again while the run goes on', async () => {
    await workbench.closeWindow();
    page = await workbench.reopenWindow();
    await page.getByTestId('run-row').first().dblclick();
    await expectState(page, /running/i);
    await expectCurveMoves(chartOf(page, 'loss'));
  });

  await test.step('a chart exports the data that it shows', async () => {
    const { name, text } = await workbench.download(async () => {
      await chartOf(page, 'loss').getByTestId('chart-menu').click();
      await page.getByTestId('export-csv').click();
    });
    expect(name).toMatch(/\.csv$/);
    const [header, ...rows] = text.trim().split('\n');
    expect(header).toBe('sequence,step,epoch,activeSeconds,wallTime,loss');
    const steps = rows.map((row) => Number(row.split(',')[1]));
    expect(steps.length).toBeGreaterThan(10);
    expect(
      steps.every((step, i) => i === 0 || step === steps[i - 1] + 1),
      'every step once, also across the crash',
    ).toBe(true);
    expect(rows.every((row) => Number.isFinite(Number(row.split(',')[5])))).toBe(true);
  });

  await test.step('a chart becomes a figure for a paper', async () => {
    await chartOf(page, 'loss').getByTestId('chart-menu').click();
    await page.getByTestId('export-figure').click();
    const { name, text } = await workbench.download(() => page.getByTestId('figure-svg').click());
    expect(name).toMatch(/\.svg$/);
    expect(text).toMatch(/<svg [^>]*width="85mm"/);
    const pdf = await workbench.download(() => page.getByTestId('figure-pdf').click());
    expect(pdf.text).toMatch(/^%PDF-/);
    await page.getByTestId('figure-export').getByLabel('Close (Esc)').click();
    await expect(page.getByTestId('figure-export')).toHaveCount(0);
  });

  await test.step('cancel checkpoints and stops', async () => {
    await page.getByTestId('cancel').click();
    await expectState(page, /cancelled/i);
  });

  expect(workbench.consoleErrors).toEqual([]);
});
