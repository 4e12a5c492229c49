import { expect } from '@jupyterlab/galata';

import { test } from '../../support/fixtures';
import { section } from '../../support/lab';

test('a provider that goes is told of, and no dialog is in the way', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('late');
  await gateway.start();
  await gateway.declare();
  await expect(section(page, 'late')).toContainText('Online');
  // What is there from the start is known at once.
  await page.reload();
  await expect(section(page, 'late')).toContainText('Online');
  const item = page.locator('.kpe-StatusItem');
  await expect(item).toBeHidden();

  await gateway.stop();
  const toast = page.locator('.Toastify__toast');
  await expect(toast).toContainText('Cannot reach late');
  await expect(toast).toContainText('connection refused');
  await expect(page.locator('.jp-Dialog')).toHaveCount(0);
  await expect(item).toBeVisible();

  await item.getByRole('button').click();
  await expect(page.locator('.kpe-ProviderDetails')).toContainText(
    'Cannot reach late'
  );
  await page.keyboard.press('Escape');

  // What is not true any more is not said any longer.
  await gateway.start();
  await expect(section(page, 'late')).toContainText('Online');
  await expect(toast).toHaveCount(0);
  await expect(item).toBeHidden();
});
