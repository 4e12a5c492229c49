import { expect } from '@jupyterlab/galata';

import { test } from '../support/fixtures';
import { DEMO_A } from '../support/lab';

test.use({ autoGoto: false });

test('with jupyterlab-launchpad, its launcher and picker are used', async ({
  page
}) => {
  const errors: string[] = [];
  page.on('console', message => {
    // Launchpad requests jupyter-server-proxy, which is not installed.
    const isAsking = message.location().url.includes('/server-proxy/');
    if (message.type() === 'error' && !isAsking) {
      errors.push(`${message.text()} ${message.location().url}`);
    }
  });
  await page.goto('?reset');

  const launcher = page.locator('.jp-LauncherBody, .jp-Launcher').first();
  await expect(launcher).toBeVisible();
  await expect(page.locator('.kpe-ProviderSection')).toHaveCount(0);
  const areActive = (): Promise<boolean[]> =>
    page.evaluate(
      ids => ids.map(id => window.jupyterapp.isPluginActivated(id)),
      [
        'jupyterlab-launchpad:plugin',
        'kernel-providers-ext:kernelspecs',
        'kernel-providers-ext:unavailable',
        'kernel-providers-ext:launcher',
        'kernel-providers-ext:picker'
      ]
    );
  await expect.poll(areActive).toEqual([true, true, true, false, false]);

  // Our metadata is in one column of its table.
  const table = page.locator('.jp-TableKernelItem, table').first();
  await expect(table).toBeVisible();
  await expect(page.getByText(DEMO_A).first()).toBeVisible();
  const main = page.getByRole('main');
  await expect(main.getByText('demo-b', { exact: true }).first()).toBeVisible();
  const headers = page.getByRole('columnheader');
  await expect(headers.filter({ hasText: /^Provider$/ }).first()).toBeVisible();
  await expect(headers.filter({ hasText: /kernel_/i })).toHaveCount(0);
  expect(errors).toEqual([]);
});
