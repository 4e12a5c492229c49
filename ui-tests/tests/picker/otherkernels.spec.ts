import { expect } from '@jupyterlab/galata';

import { list, test } from '../../support/fixtures';
import { connect, DEMO_A, LOCAL, Notebook } from '../../support/lab';

const LISTS = '--JupyterWebsocketPersonality.list_kernels=True';

test('a kernel from another session is attached, and keeps running', async ({
  makeGateway,
  page,
  request
}) => {
  const gateway = await makeGateway('farm');
  await gateway.start(LISTS);
  await connect(page, gateway, { label: 'GPU farm' });
  const id = await gateway.startKernel();
  const notebook = await Notebook.create(page, DEMO_A);

  // It is listed only on request.
  const picker = await notebook.openPicker();
  const rows = picker.group('GPU farm').getByRole('option');
  await expect(rows).toHaveCount(1);
  const show = picker.dialog.getByRole('button', {
    name: 'Show kernels from other sessions'
  });
  // Not by a key: until JupyterLab's dialog is ready, it returns the focus to the filter.
  await show.click();
  await expect(rows).toHaveCount(2);
  await picker.filter.focus();
  await page.keyboard.press('Tab');
  await expect(show).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(picker.dialog).toContainText('1 found');
  await expect(rows.last()).toContainText('From another session');
  await expect(picker.active).toContainText('Current kernel');
  // By default, Kernel Gateway does not list its kernels.
  await expect(picker.group('demo-a')).toContainText('does not');
  await expect(picker.dialog).toContainText('1 found');

  await picker.filter.fill(id.slice(0, 8));
  await page.keyboard.press('Enter');
  await notebook.expectKernel(`${LOCAL} (GPU farm)`);
  await expect(await notebook.run('answer = 42; answer')).toHaveText('42');
  expect(await list(request, 'kernels')).toHaveLength(1);

  await notebook.switchKernel(DEMO_A);
  await expect.poll(() => list(request, 'kernels')).toHaveLength(1);
  expect(await gateway.hasKernel(id)).toBe(true);
});

test('a kernel that has ended in the meantime gives an error', async ({
  makeGateway,
  page,
  request
}) => {
  const gateway = await makeGateway('farm');
  await gateway.start(LISTS);
  await connect(page, gateway, { label: 'GPU farm' });
  const id = await gateway.startKernel();
  const notebook = await Notebook.create(page, DEMO_A);
  const picker = await notebook.openPicker();
  await picker.showOtherKernels();
  await picker.filter.fill(id.slice(0, 8));
  await gateway.stopKernel(id);
  await page.keyboard.press('Enter');

  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText('Could not connect to the kernel');
  await expect(dialog).toContainText(`GPU farm has no kernel ${id}.`);
  await page.keyboard.press('Escape');
  await notebook.expectKernel(DEMO_A);
  expect(await list(request, 'kernels')).toHaveLength(1);
});
