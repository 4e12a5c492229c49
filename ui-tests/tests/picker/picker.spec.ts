import { expect } from '@jupyterlab/galata';

import { list, test } from '../../support/fixtures';
import {
  DEMO_A,
  DEMO_B,
  LOCAL,
  Notebook,
  Picker,
  PRINT_PLACE
} from '../../support/lab';

test('the picker has a group for each provider, with its running kernels', async ({
  page,
  request
}) => {
  const notebook = await Notebook.create(page, DEMO_A);
  const picker = await notebook.openPicker();

  await expect(picker.group('This server')).toContainText(LOCAL);
  await expect(picker.group('demo-a')).toContainText('Online');
  const [kernel] = await list(request, 'kernels');
  await expect(picker.active).toContainText('Current kernel');
  await expect(picker.active).toContainText(
    ` · Idle · just now · ${kernel?.id.slice(0, 8) ?? ''}`
  );
  await expect(picker.group('demo-a').getByRole('option')).toHaveCount(2);
  await expect(picker.group('demo-b').getByRole('option')).toHaveCount(1);
  await expect(
    picker.dialog.getByRole('checkbox', {
      name: 'Always start the preferred kernel'
    })
  ).toBeVisible();
});

test('the picker works with the keyboard alone', async ({ page, request }) => {
  const notebook = await Notebook.create(page, DEMO_A);
  await notebook.kernelName.focus();
  await page.keyboard.press('Enter');
  const picker = new Picker(page);
  await expect(picker.filter).toBeFocused();

  // Esc changes nothing, and returns the focus.
  await page.keyboard.press('Escape');
  await expect(picker.dialog).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(picker.filter).toBeFocused();

  // Neither does Enter on the current kernel.
  const ids = async (): Promise<string[]> =>
    (await list(request, 'kernels')).map(({ id }) => id);
  const before = await ids();
  await page.keyboard.press('Enter');
  await expect(picker.dialog).toHaveCount(0);
  expect(await ids()).toEqual(before);

  await page.keyboard.press('Enter');
  await page.keyboard.type('demo-b');
  await expect(picker.dialog.getByRole('group')).toHaveCount(1);
  await expect(picker.active).toHaveAttribute('title', DEMO_B);
  await page.keyboard.press('Enter');
  await notebook.expectKernel(DEMO_B);
  await expect(await notebook.run(PRINT_PLACE)).toHaveText('runs in demo-b');
});

test('only an explicit choice shuts a kernel down', async ({
  page,
  request
}) => {
  const notebook = await Notebook.create(page, DEMO_A);
  const picker = await notebook.openPicker();

  await page.keyboard.type('no kernel');
  await expect(picker.active).toHaveCount(0);
  await expect(picker.select).toBeDisabled();
  await page.keyboard.press('Enter');
  await expect(picker.dialog).toBeVisible();
  expect(await list(request, 'kernels')).toHaveLength(1);

  await picker.filter.fill('');
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowDown');
  await expect(picker.active).toContainText('No Kernel');
  await page.keyboard.press('Enter');
  await expect(notebook.kernelName).toHaveText('No Kernel');
  await expect.poll(() => list(request, 'kernels')).toEqual([]);
});

test('a notebook connects to a running kernel', async ({ page, request }) => {
  const first = await Notebook.create(page, DEMO_B);
  await expect(await first.run('answer = 42; answer')).toHaveText('42');
  await page.menu.clickMenuItem('File>New Launcher');
  const second = await Notebook.create(page, DEMO_A);

  const picker = await second.openPicker();
  await picker.group('demo-b').getByText('Connect to').click();
  await picker.select.click();

  await second.expectKernel(DEMO_B);
  await expect(await second.run('answer')).toHaveText('42');
  await expect
    .poll(async () => (await list(request, 'kernels')).length)
    .toBe(1);
});
