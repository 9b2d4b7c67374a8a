import type { Page } from '@playwright/test';
import type { Answers } from './wire';
import type { Runs } from './workspace';

/** One state of one view. */
export interface Look {
  name: string;
  address: string;
  answers?: Answers;
  /** What a person does before it looks like this. */
  act?: (page: Page) => Promise<void>;
}

/** Runs that go on while the pictures are taken. */
export interface LiveRuns {
  running: string;
  paused: string;
  queued: string;
}

/** Views of a workspace in which nothing has been made yet. */
export const emptyLooks: Look[] = [
  { name: 'runs', address: '/runs' },
  { name: 'problems', address: '/problems' },
  { name: 'solve', address: '/solve' },
  { name: 'compare', address: '/compare' },
  { name: 'studies', address: '/studies' },
  { name: 'audit', address: '/audit' },
  { name: 'devices', address: '/devices' },
  { name: 'settings', address: '/settings' },
  { name: 'trash', address: '/trash' },
  { name: 'tour', address: '/runs', act: (page) => command(page, 'Show the tour') },
];

const mainAddresses: [string, string][] = [
  ['problems', '/problems'],
  ['problems-dataset', '/problems/datasets/qcqp-n20'],
  ['problems-new-qcqp', '/problems/new/qcqp'],
  ['bilevel', '/problems/bilevel/case/kink-1'],
  ['solve', '/solve?case=qcqp-dense'],
  ['runs', '/runs'],
  ['runs-new', '/runs/new'],
  ['trash', '/trash'],
  ['compare', '/compare?runs=RUNS'],
  ['studies', '/studies/lambda-trade-off'],
  ['audit', '/audit?run=THESEUS'],
  ['devices', '/devices'],
  ['settings', '/settings'],
];
const runTabs = ['dashboard', 'inner', 'dynamics', 'log', 'config', 'attempts', 'diagnostics'];

export function fullLooks(runs: Runs, live: LiveRuns): Look[] {
  const both = `${runs.done},${runs.tight}`;
  const fill = (address: string): string => address.replace('RUNS', both).replace('THESEUS', runs.theseus);
  const main = mainAddresses.map(([name, address]) => ({ name, address: fill(address) }));
  const tabs = (name: string, id: string, list: string[]): Look[] =>
    list.map((tab) => ({ name: `run-${name}-${tab}`, address: `/runs/${id}/${tab}` }));
  const compare = (name: string, query: string, act?: Look['act']): Look => ({
    name: `compare-${name}`,
    address: `/compare?${query}`,
    act,
  });
  return [
    // They do not go on for ever.
    ...tabs('running', live.running, ['dashboard', 'dynamics', 'log']),
    ...tabs('paused', live.paused, ['dashboard']),
    ...tabs('queued', live.queued, ['dashboard']),
    ...main.map(({ name, address }) => ({ name: `${name}-full`, address })),
    ...[...main, { name: 'run', address: `/runs/${runs.done}` }].flatMap(({ name, address }): Look[] => [
      { name: `${name}-loading`, address, answers: 'wait' },
      { name: `${name}-failed`, address, answers: 'fail' },
    ]),
    { name: 'problems-import', address: '/problems/import' },
    { name: 'problems-dataset-missing', address: '/problems/datasets/not-there' },
    { name: 'problems-new-dc3', address: '/problems/new/dc3' },
    { name: 'bilevel-family', address: '/problems/bilevel/family/coupled' },
    { name: 'solve-infeasible', address: '/solve?case=degenerate-infeasible' },
    { name: 'solve-kink', address: '/solve?case=degenerate-kink' },
    { name: 'solve-file-missing', address: '/solve?file=/not/there.json' },
    { name: 'runs-selected', address: '/runs', act: (page) => page.keyboard.press('Control+a') },
    { name: 'runs-preview', address: '/runs', act: (page) => keys(page, ['End', 'Space']) },
    { name: 'runs-nothing-found', address: '/runs', act: (page) => filter(page, 'nothing is called this') },
    { name: 'runs-filtered', address: '/runs', act: (page) => filter(page, 'penalty') },
    {
      name: 'runs-sweep-open',
      address: '/runs',
      act: (page) => page.getByTestId('sweep-row').first().locator('.name').click(),
    },
    { name: 'runs-columns', address: '/runs', act: (page) => page.getByRole('button', { name: /Columns/ }).click() },
    { name: 'runs-new-clone', address: `/runs/new?from=${runs.long}` },
    ...tabs('done', runs.done, runTabs),
    ...tabs('diagnosed', runs.diagnosed, ['dashboard', 'dynamics', 'diagnostics']),
    ...tabs('theseus', runs.theseus, ['dashboard', 'inner', 'attempts']),
    ...tabs('bilevel', runs.bilevel, ['dashboard', 'log', 'config']),
    ...tabs('long', runs.long, ['dashboard', 'config', 'attempts']),
    ...tabs('failed', runs.failed, ['dashboard', 'log', 'attempts']),
    ...tabs('crashed', runs.crashed, ['dashboard', 'attempts']),
    ...tabs('cancelled', runs.cancelled, ['dashboard']),
    { name: 'run-missing', address: '/runs/not-there' },
    { name: 'run-explained', address: `/runs/${runs.done}`, act: (page) => firstPanelButton(page, /computed/) },
    {
      name: 'run-panel-menu',
      address: `/runs/${runs.done}`,
      act: (page) => page.getByTestId('chart-menu').first().click(),
    },
    compare('grouped', `runs=${runs.sweep.join(',')}&by=setting:technique.lambda.value`),
    compare('six', `runs=${runs.sweep.join(',')}`),
    compare('columns', `runs=${both}&layout=columns`),
    compare('trade-off', `runs=${runs.sweep.join(',')}&tab=tradeoff`),
    compare('dynamics', `runs=${runs.diagnosed},${runs.diagnosedTight}&tab=dynamics`),
    compare('config', `runs=${both},${runs.long}&tab=config`),
    compare('long', `runs=${both},${runs.long}`),
    compare('bilevel', `runs=${runs.bilevel},${runs.bilevelOther}`),
    compare('missing', `runs=${runs.done},not-there`),
    compare('add-runs', `runs=${both}`, (page) => page.getByTestId('add-runs').click()),
    compare('menu', `runs=${both}`, (page) => page.getByTestId('comparisons-menu').click()),
    compare('figure', `runs=${both}`, async (page) => {
      await page.getByTestId('compare-chart-menu').first().click();
      await page
        .getByText(/Export/)
        .last()
        .click();
    }),
    { name: 'compare-saved', address: '/compare/penalty-weights' },
    { name: 'compare-saved-long', address: '/compare/long' },
    { name: 'compare-empty', address: '/compare' },
    { name: 'studies-published', address: '/studies/published-table' },
    { name: 'studies-missing', address: '/studies/not-there' },
    { name: 'audit-empty', address: '/audit' },
    { name: 'nowhere', address: '/nowhere' },
    { name: 'shell-palette', address: '/runs', act: (page) => page.keyboard.press('Control+k') },
    {
      name: 'shell-palette-found',
      address: '/runs',
      act: async (page) => {
        await page.keyboard.press('Control+k');
        await page.keyboard.type('penalty');
      },
    },
    { name: 'shell-keys', address: '/runs', act: (page) => page.keyboard.press('?') },
    { name: 'shell-queue', address: '/runs', act: (page) => page.getByTestId('queue').click() },
  ];
}

async function keys(page: Page, list: string[]): Promise<void> {
  for (const key of list) await page.keyboard.press(key);
}

export async function command(page: Page, title: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.getByTestId('palette').waitFor();
  await page.keyboard.type(title);
  await page.keyboard.press('Enter');
  await page.getByTestId('palette').waitFor({ state: 'hidden' });
}

async function filter(page: Page, text: string): Promise<void> {
  await page.keyboard.press('/');
  await page.keyboard.type(text);
}

const firstPanelButton = (page: Page, name: RegExp): Promise<void> =>
  page.getByRole('button', { name }).first().click();
