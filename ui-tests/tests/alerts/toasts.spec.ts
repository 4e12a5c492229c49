import { expect } from '@jupyterlab/galata';

import { test } from '../../support/fixtures';
import { connect, section } from '../../support/lab';

test('a provider that goes offline is shown in a toast, without a dialog', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('late');
  await connect(page, gateway);
  // A provider that exists at the start is known at once.
  await page.reload();
  await expect(section(page, 'late')).toContainText('Online');
  const item = page.locator('.kpe-StatusItem');
  await expect(item).toBeHidden();

  await gateway.stop();
  const toast = page.locator('.Toastify__toast');
  await expect(toast).toContainText('late refuses connections.');
  await expect(page.locator('.jp-Dialog')).toHaveCount(0);
  await expect(item).toBeVisible();

  await item.getByRole('button').click();
  await expect(page.locator('.kpe-ProviderDetails')).toContainText(
    'late refuses connections.'
  );
  await page.keyboard.press('Escape');

  // The toast and the item disappear when the provider is available.
  await gateway.start();
  await expect(section(page, 'late')).toContainText('Online');
  await expect(toast).toHaveCount(0);
  await expect(item).toBeHidden();
});
