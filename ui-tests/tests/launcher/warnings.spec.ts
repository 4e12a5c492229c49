import { expect } from '@jupyterlab/galata';

import { seriousIn } from '../../support/axe';
import { test } from '../../support/fixtures';
import { section } from '../../support/lab';

test('warnings about a provider are a click away, until there are none', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('risky', [
    { name: 'julia', displayName: 'Julia 1.12', language: 'julia' }
  ]);
  await gateway.start();
  await gateway.declare({ max_kernelspecs: 1 });
  const risky = section(page, 'risky');
  const button = risky.getByRole('button', { name: '1 warning', exact: true });
  await expect(button).toHaveAttribute('title', /risky .*'max_kernelspecs'/);
  await expect(risky).toContainText('Online');
  expect(await seriousIn(page, '[data-provider="risky"]')).toEqual([]);

  // With the keyboard: it comes after the button that collapses the section.
  await risky.getByRole('button', { name: 'risky', exact: true }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(button).toBeFocused();
  await page.keyboard.press('Enter');
  const details = page.locator('.jp-Dialog', { hasText: 'risky' });
  const warnings = details.getByRole('list', { name: 'Warnings' });
  await expect(warnings.getByRole('listitem')).toHaveText(
    /risky .*'max_kernelspecs'/
  );
  expect(await seriousIn(page, '.jp-Dialog')).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(button).toBeFocused();

  await gateway.declare({ max_kernelspecs: 2 });
  await expect(button).toHaveCount(0);
  await expect(risky).toContainText('Julia');
});
