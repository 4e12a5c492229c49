import { expect } from '@jupyterlab/galata';
import type { APIRequestContext } from '@playwright/test';

import { list, test } from '../../support/fixtures';
import { provider } from '../../support/gateway';
import {
  LOCAL,
  unavailableBar,
  Notebook,
  openNotebook,
  openUnknown,
  Picker,
  PRINT_PLACE,
  section,
  writeNotebook
} from '../../support/lab';

test('a notebook whose provider is offline waits for it', async ({
  makeGateway,
  page,
  request,
  tmpPath
}) => {
  const gateway = await makeGateway('late');
  await gateway.start();
  await gateway.declare();
  await expect(section(page, 'late')).toContainText('Online');
  await gateway.stop();
  await expect(section(page, 'late')).toContainText('Offline');

  const file = `${tmpPath}/late.ipynb`;
  await writeNotebook(request, file, 'late/python3');
  const bar = await openNotebook(page, file);
  await expect(bar).toContainText('Cannot reach late');
  await expect(bar).toContainText('connection refused');
  await expect(page.locator('.jp-Dialog')).toHaveCount(0);
  expect(await list(request, 'kernels')).toEqual([]);

  // What it is saved with is what it was opened with.
  await page.keyboard.press('Control+s');
  await expect.poll(() => kernelIn(request, file)).toBe('late/python3');

  const asked = page.waitForResponse(/\/api\/kernel-providers\/late\/retry/);
  await bar.getByRole('button', { name: 'Retry' }).click();
  expect((await asked).ok()).toBe(true);
  await expect(bar).toBeVisible();

  await gateway.start();
  await expect(bar).toBeHidden();
  const notebook = new Notebook(page);
  await notebook.expectKernel(`${LOCAL} (late)`);
  await expect(await notebook.run(PRINT_PLACE)).toHaveText('runs in late');
});

test('a notebook of an unknown provider starts nothing elsewhere until the user says so', async ({
  page,
  request,
  tmpPath
}) => {
  const file = `${tmpPath}/unknown.ipynb`;
  const bar = await openUnknown(page, tmpPath);
  await expect(bar).toContainText('nowhere');
  await expect(bar.getByRole('button', { name: 'Retry' })).toHaveCount(0);
  await expect(page.locator('.jp-Dialog')).toHaveCount(0);
  expect(await list(request, 'kernels')).toEqual([]);

  // Whoever cancels has chosen nothing.
  await bar.getByRole('button', { name: 'Select another kernel…' }).click();
  await expect(new Picker(page).filter).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(bar).toBeVisible();
  expect(await list(request, 'kernels')).toEqual([]);

  await bar.getByRole('button', { name: 'Use a similar kernel here…' }).click();
  const picker = new Picker(page);
  await expect(picker.active).toHaveAttribute('title', LOCAL);
  await picker.select.click();
  await expect(bar).toBeHidden();
  await new Notebook(page).expectKernel(LOCAL);
  await page.keyboard.press('Control+s');
  await expect.poll(() => kernelIn(request, file)).toBe('python3');
});

test('no kernel is a choice, too, and holds when the provider is back', async ({
  makeGateway,
  page,
  request,
  tmpPath
}) => {
  const gateway = await makeGateway('late');
  await gateway.declare();
  await expect(section(page, 'late')).toContainText('Offline');
  const file = `${tmpPath}/late.ipynb`;
  await writeNotebook(request, file, 'late/python3');
  const bar = await openNotebook(page, file);
  await bar.getByRole('button', { name: 'Select another kernel…' }).click();
  const picker = new Picker(page);
  await picker.dialog.getByRole('option', { name: 'No Kernel' }).click();
  await picker.select.click();
  await expect(bar).toBeHidden();

  await gateway.start();
  await expect
    .poll(async () => (await provider(request, 'late'))?.state)
    .toBe('online');
  await page.evaluate(() =>
    window.jupyterapp.serviceManager.kernelspecs.refreshSpecs()
  );
  const { kernelName, panel } = new Notebook(page);
  await expect(kernelName).toHaveText('No Kernel');
  expect(await list(request, 'kernels')).toEqual([]);

  // It is still that notebook's kernel that is started when there is to be one.
  await kernelName.click();
  await expect(picker.active).toHaveAttribute('title', `${LOCAL} (late)`);
  await picker.select.click();
  await expect(
    panel.locator('.jp-Notebook-ExecutionIndicator')
  ).toHaveAttribute('data-status', 'idle');
});

test('an open notebook says so when its provider goes, and has its kernel again', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('late');
  await gateway.start();
  const tunnel = await gateway.tunnel();
  await gateway.declare({ url: `http://127.0.0.1:${tunnel.port}/` });
  await expect(section(page, 'late')).toContainText('Online');
  const notebook = await Notebook.create(page, `${LOCAL} (late)`);
  await expect(await notebook.run('x = 42; x')).toHaveText('42');

  await tunnel.cut();
  const bar = unavailableBar(page);
  await expect(bar).toContainText('Cannot reach late');
  await expect(page.locator('.jp-Dialog')).toHaveCount(0);

  await tunnel.mend();
  await expect(bar).toBeHidden();
  await expect(await notebook.run(`print(x); ${PRINT_PLACE}`)).toHaveText(
    '42\nruns in late'
  );
});

test('a connection that is lost is opened again, and what was run meanwhile is run once', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('late');
  await gateway.start();
  const tunnel = await gateway.tunnel();
  await gateway.declare({ url: `http://127.0.0.1:${tunnel.port}/` });
  await expect(section(page, 'late')).toContainText('Online');
  const notebook = await Notebook.create(page, `${LOCAL} (late)`);
  await expect(await notebook.run('x = 42; x')).toHaveText('42');

  // The provider is well all the time.
  tunnel.cutWebsockets();
  const bar = unavailableBar(page);
  await expect(bar).toContainText('The connection to the kernel on late was');
  const output = await notebook.run('x += 1; print(x)');
  const picker = await notebook.openPicker();
  await expect(picker.active).toContainText('Reconnecting');
  await page.keyboard.press('Escape');

  await tunnel.mend();
  // The next attempt may be half a minute away.
  await expect(output).toHaveText('43', { timeout: 60_000 });
  await expect(bar).toBeHidden();
  await expect(await notebook.run('x')).toHaveText('43');
});

test('an open notebook says so when its kernel is gone, and goes on with a new one', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('late');
  await gateway.start();
  await gateway.declare();
  await expect(section(page, 'late')).toContainText('Online');
  const notebook = await Notebook.create(page, `${LOCAL} (late)`);
  await expect(await notebook.run('x = 42; x')).toHaveText('42');

  await gateway.stop();
  await expect(unavailableBar(page)).toContainText('Cannot reach late');
  await gateway.start();
  await expect(
    page.locator('.Toastify__toast', { hasText: 'has ended' })
  ).toContainText('The kernel of Untitled.ipynb on late has ended');
  await expect(page.locator('.jp-Dialog')).toHaveCount(0);
  await expect(unavailableBar(page)).toBeHidden();

  await expect(notebook.kernelName).toHaveText('No Kernel');
  await expect(await notebook.run(`print("x" in globals())`)).toHaveText(
    'False'
  );
  await notebook.expectKernel(`${LOCAL} (late)`);
});

/** The kernel that a notebook on the server was saved with. */
async function kernelIn(
  request: APIRequestContext,
  file: string
): Promise<string> {
  const response = await request.get(`/api/contents/${file}`);
  if (!response.ok()) {
    return ''; // it is just being written
  }
  const { content } = (await response.json()) as {
    content: { metadata: { kernelspec: { name: string } } };
  };
  return content.metadata.kernelspec.name;
}
