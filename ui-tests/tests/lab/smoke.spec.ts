import { expect, test } from '@jupyterlab/galata';

const STOCK_SPECS_PLUGIN = '@jupyterlab/services-extension:kernel-spec-manager';
const SPECS_PLUGIN = 'kernel-providers-ext:kernelspecs';

test('JupyterLab starts with our kernelspec manager only', async ({ page }) => {
  await expect(
    page
      .locator('.jp-Launcher .jp-LauncherCard[data-category="Notebook"]')
      .first()
  ).toBeVisible();

  const isActive = await page.evaluate(
    ids => ids.map(id => window.jupyterapp.isPluginActivated(id)),
    [SPECS_PLUGIN, STOCK_SPECS_PLUGIN]
  );
  expect(isActive).toEqual([true, false]);
});
