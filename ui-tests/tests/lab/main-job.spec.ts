import { expect } from '@jupyterlab/galata';

import { list, test } from '../../support/fixtures';
import {
  consoleButton,
  DEMO_A,
  DEMO_B,
  expectKernelName,
  LOCAL,
  Notebook,
  PRINT_PLACE
} from '../../support/lab';

test('a notebook moves between the kernels of three providers', async ({
  page,
  request
}) => {
  const notebook = await Notebook.create(page, DEMO_A);
  await expect(await notebook.run(PRINT_PLACE)).toHaveText('runs in demo-a');

  await notebook.switchKernel(DEMO_B);
  await expect(await notebook.run(PRINT_PLACE)).toHaveText('runs in demo-b');

  await notebook.switchKernel(LOCAL);
  await expect(await notebook.run(PRINT_PLACE)).toHaveText('runs in None');

  // The kernels that it left are shut down.
  await expect
    .poll(async () => (await list(request, 'kernels')).map(({ name }) => name))
    .toEqual(['python3']);
});

test('a remote kernel is restarted from the menu', async ({ page }) => {
  const notebook = await Notebook.create(page, DEMO_A);
  await expect(await notebook.run('answer = 42; answer')).toHaveText('42');

  const restarted = page.waitForResponse(/\/api\/kernels\/[^/]+\/restart/);
  await page.menu.clickMenuItem('Kernel>Restart Kernel…');
  await page
    .locator('.jp-Dialog')
    .getByRole('button', { name: 'Confirm Kernel Restart' })
    .click();
  expect((await restarted).ok()).toBe(true);

  // The provider is the same, and the variables are gone.
  await expect(
    await notebook.run(`print("answer" in globals()); ${PRINT_PLACE}`)
  ).toHaveText('False\nruns in demo-a');
  await notebook.expectKernel(DEMO_A);
});

test('a notebook that is opened again finds its remote kernel', async ({
  page
}) => {
  const notebook = await Notebook.create(page, DEMO_B);
  await expect(await notebook.run('answer = 42; answer')).toHaveText('42');
  await page.keyboard.press('Control+s');
  const rename = page.locator('.jp-Dialog');
  await rename.getByRole('textbox').fill('work.ipynb');
  await rename.getByRole('button', { name: 'Rename' }).click();
  await page
    .getByRole('main')
    .getByRole('tab', { name: 'work.ipynb' })
    .waitFor();
  await page.menu.clickMenuItem('File>Close Tab');
  await expect(notebook.panel).toHaveCount(0);

  await page
    .locator('.jp-DirListing-item', { hasText: 'work.ipynb' })
    .dblclick();

  await notebook.expectKernel(DEMO_B);
  await expect(await notebook.run(`print(answer); ${PRINT_PLACE}`)).toHaveText(
    '42\nruns in demo-b'
  );
});

test('a console runs on a remote kernel', async ({ page }) => {
  await consoleButton(page, DEMO_B).click();
  const panel = page.locator('.jp-ConsolePanel');
  await expectKernelName(panel.locator('.jp-Toolbar-kernelName'), DEMO_B);
  await expect(panel.locator('.kpe-PlaceChip')).toHaveText('demo-b');
  // Before that, the prompt may still be replaced.
  await expect(
    panel.locator('[data-jp-item-name="kernelStatus"]')
  ).toHaveAttribute('title', 'Kernel Idle');

  await panel.locator('.jp-CodeConsole-promptCell .cm-content').click();
  await page.keyboard.insertText(PRINT_PLACE);
  await page.keyboard.press('Shift+Enter');

  await expect(panel.locator('.jp-OutputArea-output')).toHaveText(
    'runs in demo-b'
  );
});
