import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { expect } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { APIRequestContext } from '@playwright/test';

import { test } from '../../support/fixtures';
import { provider } from '../../support/gateway';
import { DEMO_A, launcherCard, Notebook, section } from '../../support/lab';

test.use({ autoGoto: false });

test.afterEach(async ({ request }) => {
  await rm(await pageConfig(request), { force: true });
});

test('with our launcher disabled, JupyterLab has the stock launcher', async ({
  page,
  request
}) => {
  await disable(request, 'launcher');
  await page.goto();

  await expect(launcherCard(page, 'Notebook', DEMO_A)).toBeVisible();
  await expect(section(page, 'demo-a')).toHaveCount(0);
  await expect(page.locator('.jp-Launcher-sectionTitle')).toHaveText([
    'Notebook',
    'Console',
    'Other'
  ]);
  await page.keyboard.press('Control+Shift+l');
  await expect(
    page.getByRole('main').getByRole('tab', { name: 'Launcher' })
  ).toHaveCount(2);
  expect(await active(page)).toEqual({ launcher: false, picker: true });
});

test('with our picker disabled, JupyterLab has the stock dialog', async ({
  page,
  request
}) => {
  await disable(request, 'picker');
  await page.goto();

  const notebook = await Notebook.create(page, DEMO_A);
  await notebook.kernelName.click();
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog.locator('select')).toContainText(DEMO_A);
  await page.keyboard.press('Escape');
  expect(await active(page)).toEqual({ launcher: true, picker: false });
});

/** Disable one of our plugins in the server's page config. */
async function disable(
  request: APIRequestContext,
  plugin: string
): Promise<void> {
  const file = await pageConfig(request);
  await mkdir(path.dirname(file), { recursive: true });
  const disabledExtensions = { [`kernel-providers-ext:${plugin}`]: true };
  await writeFile(file, JSON.stringify({ disabledExtensions }));
}

/** The file that `jupyter labextension disable` would write. */
async function pageConfig(request: APIRequestContext): Promise<string> {
  const source = (await provider(request, 'demo-a'))?.source ?? '';
  return path.join(
    path.dirname(path.dirname(source)),
    'labconfig',
    'page_config.json'
  );
}

async function active(
  page: IJupyterLabPageFixture
): Promise<Record<string, boolean>> {
  return page.evaluate(
    names =>
      Object.fromEntries(
        names.map(name => [
          name,
          window.jupyterapp.isPluginActivated(`kernel-providers-ext:${name}`)
        ])
      ),
    ['launcher', 'picker']
  );
}
