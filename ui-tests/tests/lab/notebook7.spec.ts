import { expect } from '@jupyterlab/galata';

import { test } from '../../support/fixtures';
import { DEMO_A, DEMO_B, expectKernelName, LOCAL } from '../../support/lab';

test.use({ autoGoto: false });

test('Notebook 7 has our names, icons and picker', async ({ context }) => {
  const tree = await context.newPage();
  await tree.goto('/tree');
  await tree.getByText('New', { exact: true }).click();
  const kernels = tree.locator('.lm-Menu-itemLabel', { hasText: LOCAL });
  await expect(kernels).toHaveText([LOCAL, DEMO_A, DEMO_B]);

  const [notebook] = await Promise.all([
    context.waitForEvent('page'),
    kernels.getByText(DEMO_A).click()
  ]);
  const name = notebook.locator('.jp-Toolbar-kernelName');
  await expectKernelName(name, DEMO_A);
  await expect(notebook.locator('.kpe-PlaceChip')).toHaveText('demo-a');
  const logo = notebook.locator('.jp-NotebookKernelLogo img');
  await expect
    .poll(() => logo.evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBeGreaterThan(0);

  const isIdle = expect(notebook.locator('.jp-Notebook-ExecutionIndicator'));
  await isIdle.toHaveAttribute('data-status', 'idle');
  await name.click();
  const dialog = notebook.locator('.jp-Dialog');
  await dialog.getByTitle(DEMO_B, { exact: true }).click();
  await dialog.getByRole('button', { name: 'Select Kernel' }).click();
  await expectKernelName(name, DEMO_B);
  await isIdle.toHaveAttribute('data-status', 'idle');
});
