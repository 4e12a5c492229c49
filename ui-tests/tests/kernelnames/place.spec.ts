import { expect } from '@jupyterlab/galata';

import { seriousIn } from '../../support/axe';
import { test } from '../../support/fixtures';
import {
  connect,
  DEMO_A,
  launcherCard,
  LOCAL,
  Notebook
} from '../../support/lab';

test('the toolbar shows where a kernel runs, and what can be done', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('lodge');
  const proxy = await gateway.proxy();
  await connect(page, gateway, { url: proxy.url });
  await launcherCard(page, 'Notebook', `${LOCAL} (lodge)`).click();
  const notebook = new Notebook(page);
  await notebook.expectKernel(`${LOCAL} (lodge)`);
  await expect(notebook.kernelName).toHaveText(LOCAL);
  await expect(notebook.place).toHaveText('lodge');

  await notebook.place.click();
  const popover = page.getByRole('dialog', { name: 'lodge' });
  await expect(popover).toContainText(/Online\s*\d+ ms · 1 kernel, 1 running/);
  const change = popover.getByRole('button', { name: 'Change kernel…' });
  await expect(change).toBeFocused();
  expect(await seriousIn(page, '.kpe-PlacePopover')).toEqual([]);
  expect(await seriousIn(page, '.kpe-PlaceChip')).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(popover).toBeHidden();
  await expect(notebook.place).toBeFocused();

  // It follows the provider while it is open.
  await notebook.place.click();
  await proxy.cut();
  await expect(popover).toContainText('lodge refuses connections.');
  await proxy.mend();
  await popover.getByRole('button', { name: 'Retry' }).click();
  await expect(popover).toContainText('Online');

  await popover.getByRole('button', { name: 'Details' }).click();
  await expect(popover).toBeHidden();
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText('In this state since');
  await dialog.getByRole('button', { name: 'Close' }).click();

  await notebook.place.click();
  await change.click();
  await dialog.getByTitle(DEMO_A, { exact: true }).click();
  await dialog.getByRole('button', { name: 'Select Kernel' }).click();
  await expect(notebook.place).toHaveText('demo-a');
  await notebook.switchKernel(LOCAL);
  await expect(notebook.place).toBeHidden();
});
