import { expect } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

import type { Locator } from '@playwright/test';

import { test } from '../../support/fixtures';
import { DEMO_A, LOCAL, launcherCard, Notebook } from '../../support/lab';

// The form saves the settings on the real server.
test.use({ mockSettings: false });

test.afterEach(async ({ request }) => {
  await request.put('/lab/api/settings/kernel-providers-ext:providers', {
    data: { raw: '{}' }
  });
});

test('a placement changes all names of kernels at once', async ({ page }) => {
  const notebook = await Notebook.create(page, DEMO_A);
  await page.sidebar.openTab('jp-running-sessions');
  const running = page.locator('#jp-running-sessions');
  await expect(running).toContainText(DEMO_A);
  const tab = page.getByRole('main').getByRole('tab', { name: '.ipynb' });

  const field = await openSettings(page);
  await field.getByRole('combobox').selectOption('prefix');

  const name = `demo-a: ${LOCAL}`;
  await expect(running).toContainText(name);
  await expect(running).not.toContainText(DEMO_A);
  await tab.click();
  await expect(notebook.kernelName).toHaveText(name);
  await expect(page.locator('#jp-main-statusbar')).toContainText(name);
  const picker = await notebook.openPicker();
  await expect(picker.row(name)).toBeVisible();
  await page.keyboard.press('Escape');
  await page.menu.clickMenuItem('File>New Launcher');
  await expect(launcherCard(page, 'Notebook', name)).toBeVisible();
  await expect(launcherCard(page, 'Notebook', LOCAL)).toBeVisible();
});

test('names without providers are still unique', async ({ page }) => {
  const notebook = await Notebook.create(page, DEMO_A);
  const tab = page.getByRole('main').getByRole('tab', { name: '.ipynb' });

  const field = await openSettings(page);
  await field.getByRole('combobox').selectOption('none');

  await tab.click();
  const name = `${LOCAL} [demo-a/python3]`;
  await expect(notebook.kernelName).toHaveText(name);
  await expect(page.locator('#jp-main-statusbar')).toContainText(name);
  await page.menu.clickMenuItem('File>New Launcher');
  await expect(launcherCard(page, 'Notebook', name)).toBeVisible();
  await expect(launcherCard(page, 'Notebook', LOCAL)).toBeVisible();
});

test('an invalid template shows an error, and the last valid one stays', async ({
  page
}) => {
  const field = await openSettings(page);
  await field.getByRole('combobox').selectOption({ label: 'Template…' });
  const template = field.getByRole('textbox');
  await template.fill('{kernel} on {provider}');
  const name = `${LOCAL} on demo-a`;
  await expect(field).toContainText(name);

  await template.fill('{kernel} on {place}');
  await expect(field.getByRole('alert')).toContainText('{place}');

  await page.menu.clickMenuItem('File>New Launcher');
  await expect(launcherCard(page, 'Notebook', name)).toBeVisible();
});

test('sections follow the order in the settings, or are combined', async ({
  page
}) => {
  await openSettings(page);
  await page.getByRole('button', { name: 'Move demo-b up' }).click();
  await page.menu.clickMenuItem('File>New Launcher');
  const titles = page.locator('.jp-Launcher:visible .jp-Launcher-sectionTitle');
  await expect(titles).toHaveText([
    'Notebook',
    'Console',
    'demo-b',
    'demo-a',
    'Other'
  ]);

  await page.getByRole('main').getByRole('tab', { name: 'Settings' }).click();
  await page
    .getByRole('checkbox', { name: 'Launcher section for each provider' })
    .click();
  await page.menu.clickMenuItem('File>New Launcher');
  await expect(titles).toHaveText(['Notebook', 'Console', 'Other']);
  await expect(launcherCard(page, 'Notebook', DEMO_A)).toBeVisible();
});

/** Open our settings, and return the field for placements. */
async function openSettings(page: IJupyterLabPageFixture): Promise<Locator> {
  await page.evaluate(async () => {
    await window.jupyterapp.commands.execute('settingeditor:open', {
      query: 'Kernel Providers'
    });
  });
  const field = page.locator('.kpe-PlacementField');
  await expect(field).toBeVisible();
  return field;
}
