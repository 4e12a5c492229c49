import { expect } from '@jupyterlab/galata';

import { test } from './fixtures';
import { DEMO_A, DEMO_B, launcherCard, LOCAL } from './lab';

test.use({ autoGoto: false });

test('every kernel in the launcher has its icon', async ({
  context,
  extraHTTPHeaders,
  page
}) => {
  // As for people, who log in once: with an image nothing but the cookie is sent.
  await page.request.get('/api/status', { headers: extraHTTPHeaders });
  await context.setExtraHTTPHeaders({});
  await page.goto('?reset');

  for (const category of ['Notebook', 'Console'] as const) {
    for (const [label, name] of [
      [LOCAL, 'python3'],
      [DEMO_A, 'demo-a%2Fpython3'],
      [DEMO_B, 'demo-b%2Fpython3']
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
  }
});
