// Photographs every view in every state, at two sizes and in both themes:
//
//     npm run look -- OUTDIR [--only WORDS] [--shots 1280-light,1920-dark]
//
// OUTDIR/workspace is filled with runs of every kind the first time and used again later. Pictures are OUTDIR/<size>-<scheme>/<view>.png,
// sheets of them OUTDIR/sheets. It prints what the console says and what scrolls sideways or is cut off at 1280.
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Browser, type Page } from '@playwright/test';
import { chromiumArgs, chromiumPath } from '../machine';
import { startWebHost } from '../webHost';
import { contactSheets, sheetFolder } from './contactSheet';
import { faultsOf } from './faults';
import { command, emptyLooks, fullLooks, type LiveRuns, type Look } from './views';
import { standBetween, type Answers } from './wire';
import { fillWorkspace, processOf } from './workspace';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    shots: { type: 'string', default: '1280-light,1280-dark,1920-light,1920-dark' },
  },
});
const executablePath = chromiumPath();
if (positionals.length !== 1 || !executablePath) {
  console.error(
    executablePath ? 'usage: npm run look -- OUTDIR [--only WORDS]' : 'No Chromium found: set CHROMIUM_PATH.',
  );
  process.exit(2);
}
const out = resolve(positionals[0]);
const only = values.only === undefined ? null : new RegExp(values.only);
const heights: Record<string, number> = { 1280: 800, 1920: 1080 };
const shots = values.shots.split(',').map((name) => {
  const [width, scheme] = name.split('-');
  const size = { width: Number(width), height: heights[width] ?? 800 };
  return { name, size, scheme: scheme as 'light' | 'dark' };
});
const wanted = ({ name }: Look): boolean => only === null || only.test(name);

const workspace = join(out, 'workspace');
const runs = await fillWorkspace(workspace, console.log);
rmSync(sheetFolder(out), { recursive: true, force: true });
mkdirSync(sheetFolder(out), { recursive: true });

const browser = await chromium.launch({
  executablePath,
  args: chromiumArgs,
});
const taken: Record<string, string[]> = {};
try {
  const empty = join(out, 'empty');
  rmSync(empty, { recursive: true, force: true });
  await onWorkspace(empty, (page, answer) =>
    photograph(
      page,
      emptyLooks.map((look) => ({ ...look, name: `${look.name}-empty` })),
      answer,
    ),
  );
  await onWorkspace(workspace, async (page, answer) => {
    const live = await startLiveRuns(page);
    try {
      await photograph(page, fullLooks(runs, live), answer);
    } finally {
      end(live);
    }
  });
  for (const [folder, files] of Object.entries(taken))
    await contactSheets(browser, files, join(sheetFolder(out), folder));
} finally {
  await browser.close();
}

/** A server on a workspace and a window on it, for as long as something is done with them. */
async function onWorkspace(
  path: string,
  work: (page: Page, answer: (answers: Answers) => void) => Promise<void>,
): Promise<void> {
  const host = await startWebHost(path);
  try {
    const page = await newWindow(browser);
    const answer = await standBetween(page);
    await page.goto(host.url);
    await page.locator('main h1').first().waitFor();
    await work(page, answer);
    await page.close();
  } finally {
    await host.stop();
  }
}

async function newWindow(from: Browser): Promise<Page> {
  const page = await from.newPage({ viewport: shots[0].size });
  await page.addInitScript(() => localStorage.setItem('adjoint.tourSeen', 'true'));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') console.log(`  console: ${message.text()}`);
  });
  page.on('pageerror', (error) => console.log(`  page error: ${String(error)}`));
  return page;
}

async function photograph(page: Page, looks: Look[], answer: (answers: Answers) => void): Promise<void> {
  for (const look of looks.filter(wanted)) {
    try {
      await open(page, look, answer);
    } catch (error) {
      console.log(`${look.name}: cannot be reached: ${String(error).split('\n')[0]}`);
    }
    for (const { name, size, scheme } of shots) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme: scheme });
      // Charts follow the size within a frame or two, and what a theme fades is over.
      await page.waitForTimeout(500);
      mkdirSync(join(out, name), { recursive: true });
      const file = join(out, name, `${look.name}.png`);
      await page.screenshot({ path: file });
      (taken[name] ??= []).push(file);
      if (name === '1280-light') for (const fault of await faultsOf(page)) console.log(`${look.name}: ${fault}`);
    }
    answer('come');
  }
}

/** Goes there as a new window does: nothing is left open, selected or filtered from the view before. */
async function open(page: Page, look: Look, answer: (answers: Answers) => void): Promise<void> {
  await page.setViewportSize(shots[0].size);
  await page.emulateMedia({ colorScheme: shots[0].scheme });
  await page.evaluate(() => (location.hash = '#/nowhere/at/all'));
  await page.reload();
  await page.getByTestId('connection-state').and(page.locator('[data-state="open"]')).waitFor();
  await page.waitForTimeout(150);
  answer(look.answers ?? 'come');
  await page.evaluate((to) => (location.hash = `#${to}`), look.address);
  if (look.answers === 'wait') return void (await page.waitForTimeout(900));
  await page.locator('main :is(h1, h2)').first().waitFor({ timeout: 10_000 });
  await settled(page);
  await look.act?.(page);
  await page.waitForTimeout(look.act ? 500 : 0);
}

/** Until nothing says that it is being computed or loaded, or fifteen seconds have passed. */
async function settled(page: Page): Promise<void> {
  await page.waitForTimeout(500);
  const busy = page.locator('main :is(.skeleton, [aria-busy="true"])');
  for (let tries = 0; tries < 60 && (await busy.count()) > 0; tries++) await page.waitForTimeout(250);
}

/** In a queue of one slot: a run that is paused, one that goes on, one that waits. */
async function startLiveRuns(page: Page): Promise<LiveRuns> {
  const start = async (): Promise<string> => {
    await page.evaluate(() => (location.hash = '#/devices'));
    await command(page, 'Start the demo run');
    await page.waitForURL(/#\/runs\/\d/);
    return page.url().split('/runs/')[1];
  };
  const isNow = (state: string) => page.locator(`[data-testid="run-state"][data-state="${state}"]`).first().waitFor();
  const paused = await start();
  await isNow('running');
  await page.waitForTimeout(4000);
  await page.keyboard.press('p');
  await isNow('paused');
  const running = await start();
  await isNow('running');
  return { paused, running, queued: await start() };
}

/** They would otherwise go on for minutes, and be crashed ones the next time. */
function end(live: LiveRuns): void {
  for (const id of Object.values(live)) {
    try {
      process.kill(processOf(workspace, id), 'SIGKILL');
    } catch {
      // It never began, or has ended.
    }
    rmSync(join(workspace, 'runs', id), { recursive: true, force: true });
  }
}
