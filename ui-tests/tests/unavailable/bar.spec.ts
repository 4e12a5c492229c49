import { expect } from '@jupyterlab/galata';
import type { APIRequestContext } from '@playwright/test';

import { list, test } from '../../support/fixtures';
import { provider } from '../../support/gateway';
import {
  connect,
  DEMO_A,
  expectKernelName,
  launcherCard,
  LOCAL,
  Notebook,
  openNotebook,
  openUnknown,
  Picker,
  PRINT_PLACE,
  section,
  unavailableBar,
  writeNotebook
} from '../../support/lab';

test('a notebook whose provider is offline waits for it', async ({
  makeGateway,
  page,
  request,
  tmpPath
}) => {
  const gateway = await makeGateway('late');
  await connect(page, gateway);
  await gateway.stop();
  await expect(section(page, 'late')).toContainText('Offline');

  const file = `${tmpPath}/late.ipynb`;
  await writeNotebook(request, file, 'late/python3');
  const bar = await openNotebook(page, file);
  await expect(bar).toContainText('late refuses connections.');
  await expect(page.locator('.jp-Dialog')).toHaveCount(0);
  expect(await list(request, 'kernels')).toEqual([]);

  // Saving does not change its kernel.
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

test('a notebook of an unknown provider starts no kernel until the user selects one', async ({
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

  // Cancelling selects nothing.
  await bar.getByRole('button', { name: 'Select another kernel…' }).click();
  await expect(new Picker(page).filter).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(bar).toBeVisible();
  expect(await list(request, 'kernels')).toEqual([]);

  await bar
    .getByRole('button', { name: `Use ${LOCAL} on this server…` })
    .click();
  const picker = new Picker(page);
  await expect(picker.active).toHaveAttribute('title', LOCAL);
  await picker.select.click();
  await expect(bar).toBeHidden();
  await new Notebook(page).expectKernel(LOCAL);
  await page.keyboard.press('Control+s');
  await expect.poll(() => kernelIn(request, file)).toBe('python3');
});

test('a notebook whose local kernel is missing starts no other one', async ({
  page,
  request,
  tmpPath
}) => {
  const file = `${tmpPath}/julia.ipynb`;
  await writeNotebook(request, file, 'julia');
  const bar = await openNotebook(page, file);
  await expect(bar).toContainText(
    'This server does not have the kernel “julia”.'
  );
  await expect(page.locator('.jp-Dialog')).toHaveCount(0);

  // Running a cell asks which kernel to use, with names that people know.
  const notebook = new Notebook(page);
  await notebook.run(PRINT_PLACE);
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog).toContainText(
    'This server does not have the kernel “julia”.'
  );
  await dialog.getByTitle(DEMO_A, { exact: true }).click();
  await dialog.getByRole('button', { name: 'Select' }).click();
  await notebook.expectKernel(DEMO_A);
  await expect(bar).toBeHidden();
  expect((await list(request, 'kernels')).map(({ name }) => name)).toEqual([
    'demo-a/python3'
  ]);
});

test('"No Kernel" stays selected when the provider is available', async ({
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

  // The picker still proposes the notebook's own kernel.
  await kernelName.click();
  await expect(picker.active).toHaveAttribute('title', `${LOCAL} (late)`);
  await picker.select.click();
  await expect(
    panel.locator('.jp-Notebook-ExecutionIndicator')
  ).toHaveAttribute('data-status', 'idle');
});

test('an open notebook shows that its provider is offline, and keeps its kernel', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('late');
  const proxy = await gateway.proxy();
  await connect(page, gateway, { url: proxy.url });
  const notebook = await Notebook.create(page, `${LOCAL} (late)`);
  await expect(await notebook.run('x = 42; x')).toHaveText('42');

  await proxy.cut();
  const bar = unavailableBar(page);
  await expect(bar).toContainText('late refuses connections.');
  await expect(bar).toContainText(`${LOCAL} may still be running there.`);
  await expect(bar).toContainText('Cells that you run now wait');
  await expect(page.locator('.jp-Dialog')).toHaveCount(0);
  const status = page.locator('#jp-main-statusbar');
  await expect(status).toContainText(`${LOCAL} (late) | Offline`);

  await proxy.mend();
  await expect(bar).toBeHidden();
  await expect(status).toContainText(`${LOCAL} (late) | Idle`);
  await expect(await notebook.run(`print(x); ${PRINT_PLACE}`)).toHaveText(
    '42\nruns in late'
  );
});

test('a lost connection is opened again, and cells run in the meantime run once', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('late');
  const proxy = await gateway.proxy();
  await connect(page, gateway, { url: proxy.url });
  const notebook = await Notebook.create(page, `${LOCAL} (late)`);
  await expect(await notebook.run('x = 42; x')).toHaveText('42');

  // The provider stays available.
  proxy.holdWebsockets();
  const bar = unavailableBar(page);
  await expect(bar).toContainText(
    `The connection to ${LOCAL} on late was lost`
  );
  await expect(page.locator('#jp-main-statusbar')).toContainText(
    `${LOCAL} (late) | Reconnecting…`
  );
  const output = await notebook.run('x += 1; print(x)');
  const picker = await notebook.openPicker();
  await expect(picker.active).toContainText('Reconnecting');
  await page.keyboard.press('Escape');

  await proxy.mend();
  // The next attempt may be half a minute away.
  await expect(output).toHaveText('43', { timeout: 60_000 });
  await expect(bar).toBeHidden();
  await expect(await notebook.run('x')).toHaveText('43');
});

test('an open notebook shows that its kernel is gone, and continues with a new one', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('late');
  await connect(page, gateway);
  const notebook = await Notebook.create(page, `${LOCAL} (late)`);
  await expect(await notebook.run('x = 42; x')).toHaveText('42');

  await gateway.stop();
  await expect(unavailableBar(page)).toContainText('late refuses connections.');
  await gateway.start();
  await expect(
    page.locator('.Toastify__toast', { hasText: 'ended' })
  ).toContainText('1 kernel on late ended. Its variables are lost.');
  await expect(page.locator('.jp-Dialog')).toHaveCount(0);
  const bar = unavailableBar(page);
  await expect(bar).toContainText(/The kernel ended at .*variables are lost/);
  await expect(notebook.kernelName).toHaveText('No Kernel');

  await bar.getByRole('button', { name: 'Start again' }).click();
  await notebook.expectKernel(`${LOCAL} (late)`);
  await expect(bar).toBeHidden();
  await expect(await notebook.run(`print("x" in globals())`)).toHaveText(
    'False'
  );
});

test('a console whose provider is offline waits for it, too', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('late');
  await connect(page, gateway);
  await gateway.stop();
  await expect(section(page, 'late')).toContainText('Offline');

  await launcherCard(page, 'Notebook', `${LOCAL} (late)`).focus();
  await page.keyboard.press('Control+Enter');
  const bar = page.locator('.jp-ConsolePanel .kpe-UnavailableBar');
  await expect(bar).toContainText('late refuses connections.');
  await expect(page.locator('.jp-Dialog')).toHaveCount(0);

  await gateway.start();
  await bar.getByRole('button', { name: 'Retry' }).click();
  await expect(bar).toBeHidden();
  await expectKernelName(
    page.locator('.jp-ConsolePanel .jp-Toolbar-kernelName'),
    `${LOCAL} (late)`
  );
});

test('the ends of several kernels are one notice, which leads to their notebooks', async ({
  makeGateway,
  page,
  tmpPath
}) => {
  const gateway = await makeGateway('late');
  await connect(page, gateway);
  for (const name of ['a', 'b', 'c']) {
    const file = `${tmpPath}/${name}.ipynb`;
    await writeNotebook(page.request, file, 'late/python3');
    await page.evaluate(async path => {
      await window.jupyterapp.commands.execute('docmanager:open', { path });
    }, file);
    await new Notebook(page).expectKernel(`${LOCAL} (late)`);
  }
  const notebook = new Notebook(page);
  await notebook.run('import time; time.sleep(600)');
  await notebook.run('print("never")');

  await gateway.stop();
  await gateway.start();
  const toasts = page.locator('.Toastify__toast', { hasText: 'ended' });
  await expect(toasts).toHaveText(
    /3 kernels on late ended\. Their variables are lost\./
  );
  await expect(unavailableBar(page)).toContainText('2 cells did not finish.');
  await toasts.getByRole('button', { name: 'Show notebooks' }).click();
  const dialog = page.locator('.jp-Dialog');
  await expect(dialog.getByRole('listitem')).toHaveText([
    'a.ipynb',
    'b.ipynb',
    'c.ipynb'
  ]);
  await dialog.getByRole('button', { name: 'a.ipynb' }).click();
  await expect(
    page.getByRole('main').getByRole('tab', { name: 'a.ipynb' })
  ).toHaveAttribute('aria-selected', 'true');
  await expect(unavailableBar(page)).toContainText('The kernel ended');
});

/** The kernel that a notebook on the server was saved with. */
async function kernelIn(
  request: APIRequestContext,
  file: string
): Promise<string> {
  const response = await request.get(`/api/contents/${file}`);
  if (!response.ok()) {
    return ''; // it is being written
  }
  const { content } = (await response.json()) as {
    content: { metadata: { kernelspec: { name: string } } };
  };
  return content.metadata.kernelspec.name;
}
