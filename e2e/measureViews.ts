// Measures the workbench in Chromium on a large workspace (see scripts/synthetic-workspace.ts):
//
//     npm run measure-views -- DIR
//
// From the start of the web host until runs are listed in the window, from opening a run until its charts are drawn, the frames
// while a chart is zoomed, and a comparison of twelve runs: until it is drawn, and the frames while it is panned.
import { chromium, type Page } from '@playwright/test';
import { traceFrames } from './frameTrace';
import { chromiumArgs, chromiumPath } from './machine';
import { startWebHost } from './webHost';

const workspace = process.argv[2];
const executablePath = chromiumPath();
if (!workspace || !executablePath) {
  console.error(executablePath ? 'usage: npm run measure-views -- DIR' : 'No Chromium found: set CHROMIUM_PATH.');
  process.exit(2);
}

const report = (what: string, value: string): void => console.log(`${what.padEnd(64)} ${value}`);
const ms = (value: number): string => `${value.toFixed(0).padStart(6)} ms`;

const started = performance.now();
const host = await startWebHost(workspace);
report('web host: start of the process to ready', ms(performance.now() - started));

const browser = await chromium.launch({
  executablePath,
  args: chromiumArgs,
});
try {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  const opened = performance.now();
  await page.goto(host.url);
  await page.getByTestId('run-row').first().waitFor();
  report('window: navigation to first rows of the run table', ms(performance.now() - opened));

  await frames(page, 'run table: scrolling', async () => {
    await page.mouse.move(900, 600);
    for (let i = 0; i < 60; i++) {
      await page.mouse.wheel(0, 400);
      await page.waitForTimeout(16);
    }
    for (let i = 0; i < 60; i++) await page.mouse.wheel(0, -1000);
  });

  await page.waitForTimeout(1000);
  const clicked = performance.now();
  await page.getByTestId('run-row').first().dblclick();
  await page.locator('[data-testid="chart"] canvas').first().waitFor();
  report('run view: double click to the first chart', ms(performance.now() - clicked));
  await page.waitForTimeout(3000);

  const chart = page.locator('[data-testid="chart"] canvas').first();
  const box = (await chart.boundingBox())!;
  await frames(page, 'run view: crosshair over linked charts', async () => {
    for (let i = 0; i < 90; i++) {
      await page.mouse.move(box.x + 60 + ((i * 7) % (box.width - 80)), box.y + box.height / 2);
      await page.waitForTimeout(16);
    }
  });
  await frames(page, 'run view: zooming into all charts', async () => {
    for (let i = 0; i < 5; i++) {
      await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2, { steps: 10 });
      await page.mouse.up();
      await page.waitForTimeout(400);
    }
  });
  await compare(page);
} finally {
  await browser.close();
  await host.stop();
}

/** Twelve runs in as many panels as are in sight. */
async function compare(page: Page): Promise<void> {
  await page.evaluate(() => (location.hash = '#/runs'));
  await page.getByTestId('run-row').nth(11).waitFor();
  // The view's code is loaded while the table is looked at.
  await page.waitForTimeout(2500);
  const ids = await page
    .getByTestId('run-row')
    .evaluateAll((rows) => rows.slice(0, 12).map((row) => row.getAttribute('data-run-id')));
  const first = await page.evaluate(async (runs) => {
    const begun = performance.now();
    location.hash = `#/compare?runs=${runs}`;
    const inSight = () =>
      [...document.querySelectorAll('[data-testid="compare-panel"]')].filter(
        (panel) => panel.getBoundingClientRect().top < innerHeight - 236,
      );
    const drawn = (panel: Element) => panel.querySelector('[data-lines="12"]') !== null;
    let panels = inSight();
    while (panels.length < 6 || panels.filter(drawn).length < 6) {
      await new Promise(requestAnimationFrame);
      panels = inSight();
    }
    const six = performance.now() - begun;
    while (!inSight().every(drawn)) await new Promise(requestAnimationFrame);
    return { six, all: performance.now() - begun, panels: inSight().length };
  }, ids.join(','));
  report('compare, 12 runs: until six panels are drawn', ms(first.six));
  report(`compare, 12 runs: until all ${first.panels} in sight are drawn`, ms(first.all));
  await page.waitForTimeout(2000);

  const box = (await page.locator('[data-testid="compare-panel"] canvas').first().boundingBox())!;
  const middle = box.y + box.height / 2;
  await trace(page, 'compare, 12 runs: crosshair over all panels', async () => {
    for (let i = 0; i < 120; i++) {
      await page.mouse.move(box.x + 60 + ((i * 7) % (box.width - 80)), middle);
      await page.waitForTimeout(12);
    }
  });
  await page.mouse.move(box.x + box.width * 0.4, middle);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, middle, { steps: 6 });
  await page.mouse.up();
  await page.waitForTimeout(1500);
  await trace(page, 'compare, 12 runs: panning', async () => {
    await page.keyboard.down('Shift');
    for (let sweep = 0; sweep < 4; sweep++) {
      const direction = sweep % 2 === 0 ? 1 : -1;
      await page.mouse.move(box.x + box.width * (0.5 - 0.3 * direction), middle);
      await page.mouse.down();
      for (let i = 0; i < 60; i++) {
        await page.mouse.move(box.x + box.width * (0.5 - 0.3 * direction + 0.01 * direction * i), middle);
        await page.waitForTimeout(10);
      }
      await page.mouse.up();
    }
    await page.keyboard.up('Shift');
  });
}

async function trace(page: Page, what: string, action: () => Promise<void>): Promise<void> {
  const { script, frame, longestTask, tasksOver50 } = await traceFrames(page, action);
  const at = (list: number[], share: number) => list[Math.min(list.length - 1, Math.floor(share * list.length))] ?? 0;
  report(
    what,
    `script a frame: median ${at(script, 0.5).toFixed(1)} ms, 95 % ${at(script, 0.95).toFixed(1)} ms; ` +
      `frame: median ${at(frame, 0.5).toFixed(0)} ms, 95 % ${at(frame, 0.95).toFixed(0)} ms; ` +
      `tasks over 50 ms: ${tasksOver50}, longest ${longestTask.toFixed(0)} ms`,
  );
}

/** Frame times and long tasks while something is done. */
async function frames(page: Page, what: string, action: () => Promise<void>): Promise<void> {
  await page.evaluate(() => {
    const watch = { times: [] as number[], tasks: [] as number[], on: true };
    (globalThis as unknown as { watch: typeof watch }).watch = watch;
    new PerformanceObserver((list) => watch.tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({
      // Node's own types of the same class do not know long tasks.
      type: 'longtask' as never,
    });
    let last = performance.now();
    const frame = (now: number) => {
      watch.times.push(now - last);
      last = now;
      if (watch.on) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await action();
  const { times, tasks } = await page.evaluate(() => {
    const { watch } = globalThis as unknown as { watch: { times: number[]; tasks: number[]; on: boolean } };
    watch.on = false;
    return watch;
  });
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))].toFixed(0);
  const long = tasks.length === 0 ? 'none' : `${tasks.length}, longest ${Math.max(...tasks).toFixed(0)} ms`;
  report(what, `frame median ${at(0.5)} ms, 95 % ${at(0.95)} ms; tasks over 50 ms: ${long}`);
}
