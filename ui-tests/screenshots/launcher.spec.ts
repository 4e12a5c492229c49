import path from 'node:path';

import { expect, test } from '@jupyterlab/galata';

// As people see it: with JupyterLab's own fonts, and in the top folder.
test.use({
  autoGoto: false,
  mockSettings: {
    '@jupyterlab/apputils-extension:notification': { fetchNews: 'false' }
  },
  tmpPath: ''
});

test('the launcher', async ({ page }) => {
  await page.goto('?reset');
  const icons = page.locator('.jp-Launcher .jp-LauncherCard img');
  await expect
    .poll(() =>
      icons.evaluateAll(
        images =>
          images.filter(image => (image as HTMLImageElement).naturalWidth > 0)
            .length
      )
    )
    .toBe(6);

  await page.screenshot({
    path: path.join(__dirname, '..', '..', 'docs', 'launcher.png')
  });
});
