import { expect } from '@jupyterlab/galata';

import { test } from '../../support/fixtures';
import { DEMO_A, DEMO_B, launcherCard, LOCAL } from '../../support/lab';

test.use({ autoGoto: false });

test('every kernel in the launcher has its icon', async ({
  context,
  extraHTTPHeaders,
  page
}) => {
  // As for users who log in once: a request for an image sends only the cookie.
  await page.request.get('/api/status', { headers: extraHTTPHeaders });
  await context.setExtraHTTPHeaders({});
  await page.goto('?reset');

  for (const [category, label, name] of [
    ['Notebook', LOCAL, 'python3'],
    ['Console', LOCAL, 'python3'],
    ['Notebook', DEMO_A, 'demo-a%2Fpython3'],
    ['Notebook', DEMO_B, 'demo-b%2Fpython3']
  ] as const) {
    const icon = launcherCard(page, category, label).locator('img');
    await expect(icon).toHaveAttribute(
      'src',
      new RegExp(`/kernelspecs/${name}/logo`)
    );
    await expect
      .poll(() =>
        icon.evaluate((image: HTMLImageElement) => image.naturalWidth)
      )
      .toBeGreaterThan(0);
  }
});
