import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './workbench';

test('training is played as a film: a picked epoch is shown by every panel, of one run and of two side by side', async ({
  workbench,
}) => {
  const { workspace } = workbench;
  const page = workbench.page();
  const text = readFileSync('resources/experiments/diagnosed.yaml', 'utf8').replace('epochs: 40', 'epochs: 24');
  const file = join(workspace, 'film.yaml');
  for (const lambda of ['10', '300']) {
    writeFileSync(file, text.replace('lambda: 10', `lambda: ${lambda}`));
    execFileSync(process.execPath, ['out/node/adjoint.mjs', 'run', file, '--workspace', workspace], {
      stdio: 'ignore',
    });
  }
  const [first, second] = readdirSync(join(workspace, 'runs')).sort();

  await page.evaluate((to) => void (location.hash = to), `/runs/${first}/dynamics`);
  const at = page.getByTestId('film-at');
  await expect(at).toContainText('Epoch 24');
  await page.getByTestId('film-track').focus();
  await page.keyboard.press('Home');
  await expect(at).toContainText('Epoch 0');
  await page.getByTestId('film-play').click();
  await expect(at).toContainText('Epoch 24', { timeout: 15_000 });
  await page.getByTestId('film-track').focus();
  for (let k = 0; k < 12; k++) await page.keyboard.press('ArrowLeft');
  await expect(at).toContainText('Epoch 12');
  await expect(page).toHaveURL(/epoch=12/);
  const board = page.getByTestId('dynamics');
  await expect(board.getByText('epoch 12', { exact: true }).first()).toBeVisible();
  await expect(page.getByTestId('histogram-bars')).toHaveCount(4);
  await expect(board).toContainText('rows above 1e-6');
  await expect(page.getByTestId('plane-film')).toContainText('from Ay = x');
  // The newest landscape and spectrum at or before it.
  await expect(board).toContainText('Loss around the weightsepoch 10');
  await expect(page.getByTestId('spectrum-facts')).toContainText('Effective rank of features epoch 10');

  await page.evaluate((to) => void (location.hash = to), `/compare?runs=${first},${second}&tab=dynamics&epoch=6`);
  await expect(at).toContainText('Epoch 6');
  await expect(page.getByTestId('plane-film')).toHaveCount(2);
  await expect(page.getByTestId('landscape-film')).toHaveCount(2);
  await expect(page.getByTestId('histogram-bars')).toHaveCount(8);
  await page.keyboard.press('ArrowRight');
  await expect(at).toContainText('Epoch 7');
  expect(workbench.consoleErrors).toEqual([]);
});
