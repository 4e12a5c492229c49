import { expect } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { seriousIn } from '../../support/axe';
import { list, test } from '../../support/fixtures';
import {
  connect,
  DEMO_A,
  launcherCard,
  LOCAL,
  Notebook
} from '../../support/lab';

test('the running panel has the kernels of each provider', async ({
  page,
  request
}) => {
  await Notebook.create(page, DEMO_A);
  await page.menu.clickMenuItem('File>New Launcher');
  await Notebook.create(page, LOCAL);
  const panel = await openPanel(page);

  const demo = itemOf(panel, 'demo-a');
  await expect(demo).toContainText(/Online · \d+ ms/);
  await expect(demo).toContainText(LOCAL);
  await expect(demo).toContainText('Untitled.ipynb');
  await expect(itemOf(panel, 'demo-b')).not.toContainText('ipynb');
  expect(await seriousIn(page, '.kpe-RunningItem')).toEqual([]);

  // A notebook is a click away, and so are the details.
  await demo.getByText('Untitled.ipynb').click();
  await new Notebook(page).expectKernel(DEMO_A);
  await demo.getByText('demo-a', { exact: true }).click();
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText('In this state since');
  await dialog.getByRole('button', { name: 'Close' }).click();

  // JupyterLab's own question says what it would end.
  await panel
    .locator('.jp-AccordionPanel-title', { hasText: 'Kernels' })
    .getByText('Shut Down All')
    .click();
  await expect(dialog).toContainText(
    'Shut down 2 kernels (1 on This server, 1 on demo-a)?'
  );
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  await demo.click({ button: 'right', position: { x: 60, y: 8 } });
  await page
    .getByRole('menuitem', { name: 'Shut Down 1 Kernel on demo-a' })
    .click();
  await dialog.getByRole('button', { name: 'Shut Down' }).click();
  await expect
    .poll(async () => (await list(request, 'kernels')).map(({ name }) => name))
    .toEqual(['python3']);
  await expect(demo).not.toContainText('ipynb');
});

test('the running panel says that a provider is down, and retries it', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('fallen');
  await connect(page, gateway);
  await launcherCard(page, 'Notebook', `${LOCAL} (fallen)`).click();
  await new Notebook(page).expectKernel(`${LOCAL} (fallen)`);
  const fallen = itemOf(await openPanel(page), 'fallen');
  await expect(fallen).toContainText('Idle');

  await gateway.kill();
  await expect(fallen).toContainText(/Offline · last seen \d/);
  await expect(fallen).not.toContainText('Idle');
  // Its name is not broken into letters, although the panel is narrow.
  const name = fallen.locator('.jp-RunningSessions-itemLabel').first();
  expect((await name.boundingBox())?.height).toBeLessThan(40);
  await gateway.start();
  await fallen.click({ button: 'right', position: { x: 60, y: 8 } });
  await page.getByRole('menuitem', { name: 'Retry' }).click();
  await expect(fallen).toContainText(/Online · \d+ ms/);
});

/** Open the panel of running sessions. */
async function openPanel(page: IJupyterLabPageFixture): Promise<Locator> {
  await page.sidebar.openTab('jp-running-sessions');
  return page.locator('#jp-running-sessions');
}

/** The item of a provider, with its kernels. */
function itemOf(panel: Locator, id: string): Locator {
  return panel.locator(`[data-context="${id}"]`);
}
