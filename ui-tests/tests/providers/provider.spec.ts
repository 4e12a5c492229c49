import { expect } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

import { list, test } from '../../support/fixtures';
import { DEMO_A, LOCAL, Notebook, section } from '../../support/lab';

test('the details of a provider show all facts, and return the focus', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('late');
  await gateway.declare();
  const details = section(page, 'late').getByRole('button', {
    name: 'Details'
  });
  await details.focus();
  await page.keyboard.press('Enter');

  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText('late refuses connections.');
  await expect(dialog).toContainText(`http://127.0.0.1:${gateway.port}/`);
  await expect(dialog).toContainText('In this state since');
  await expect(dialog).toContainText('late.json');

  // JupyterLab's dialogs take the focus when the page is idle.
  await expect(dialog.getByRole('button', { name: 'Close' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(details).toBeFocused();
});

test('all kernels of one provider are shut down together, and no others', async ({
  page,
  request
}) => {
  await Notebook.create(page, DEMO_A);
  await page.menu.clickMenuItem('File>New Launcher');
  await Notebook.create(page, LOCAL);
  await page.menu.clickMenuItem('File>New Launcher');
  const names = async (): Promise<string[]> =>
    (await list(request, 'kernels')).map(({ name }) => name).sort();
  expect(await names()).toEqual(['demo-a/python3', 'python3']);

  const dialog = page.locator('.jp-Dialog');
  await shutDownOn(page, 'demo-a');
  await expect(dialog).toContainText('Shut down 1 kernel on demo-a?');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect(await names()).toEqual(['demo-a/python3', 'python3']);

  await shutDownOn(page, 'demo-a');
  await dialog.getByRole('button', { name: 'Shut Down' }).click();
  await expect.poll(names).toEqual(['python3']);
});

/** Choose to shut down all kernels in the menu of a section's header. */
async function shutDownOn(
  page: IJupyterLabPageFixture,
  id: string
): Promise<void> {
  await section(page, id)
    .locator('.jp-Launcher-sectionHeader')
    .click({ button: 'right' });
  await page
    .getByRole('menuitem', { name: `Shut Down 1 Kernel on ${id}` })
    .click();
}
