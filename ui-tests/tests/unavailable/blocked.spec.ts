import { expect } from '@jupyterlab/galata';

import { seriousIn } from '../../support/axe';
import { list, test } from '../../support/fixtures';
import { provider } from '../../support/gateway';
import {
  connect,
  LOCAL,
  launcherCard,
  Notebook,
  PRINT_PLACE,
  section,
  unavailableBar
} from '../../support/lab';

const BLOCKED =
  /^walled answers requests, but its kernels cannot be reached \(.+\): websockets are blocked\. A proxy in front of it must pass the headers 'Upgrade' and 'Connection' of HTTP\/1\.1\./;

test('a provider whose websockets are blocked says so until they are not', async ({
  makeGateway,
  page,
  request
}) => {
  const gateway = await makeGateway('walled');
  const proxy = await gateway.proxy();
  proxy.blockWebsockets();
  await connect(page, gateway, { url: proxy.url });

  // The kernel starts, and only its websocket shows what is wrong.
  await launcherCard(page, 'Notebook', `${LOCAL} (walled)`).click();
  const notebook = new Notebook(page);
  const bar = unavailableBar(page);
  await expect(bar.locator('[role=status]')).toHaveText(BLOCKED);
  const cell = await notebook.run(PRINT_PLACE);
  const [kernel, ...others] = await list(request, 'kernels');
  expect(kernel?.name).toBe('walled/python3');
  expect(others).toEqual([]);

  // It is said everywhere, once.
  await expect(page.locator('.kpe-StatusItem')).toContainText(
    '1 of 3 providers: websocket blocked'
  );
  await expect(page.locator('.Toastify__toast')).toHaveCount(1);
  await expect(page.locator('.Toastify__toast')).toContainText(
    'websockets are blocked'
  );
  const picker = await notebook.openPicker();
  await expect(picker.group('walled')).toContainText('Websocket blocked');
  await expect(picker.group('walled')).toContainText('(400)');
  await page.keyboard.press('Escape');
  await page.locator('.kpe-StatusItem button').click();
  const details = page.locator('.jp-Dialog', { hasText: 'walled' });
  await expect(details).toContainText('Websocket blocked');
  await expect(details).toContainText("must pass the headers 'Upgrade'");
  await details.getByRole('button', { name: 'Close' }).click();

  // A retry tries to connect, and fails.
  const handshake = page.waitForEvent('websocket', socket =>
    socket.url().includes(`/kernels/${kernel?.id}/channels`)
  );
  await bar.getByRole('button', { name: 'Retry' }).click();
  await handshake;
  await expect(bar.getByRole('button', { name: 'Retry' })).toBeVisible();

  // The retry after the proxy passes websockets runs the cell that waited.
  await proxy.mend();
  await bar.getByRole('button', { name: 'Retry' }).click();
  await expect(cell).toHaveText('runs in walled');
  await expect(bar).toBeHidden();
  await notebook.expectKernel(`${LOCAL} (walled)`);
  expect((await provider(request, 'walled'))?.state).toBe('online');
  expect(await list(request, 'kernels')).toHaveLength(1);
  await expect(page.locator('.kpe-StatusItem')).toBeHidden();
});

test('the launcher says that a provider is blocked, and still starts its kernels', async ({
  makeGateway,
  page,
  request
}) => {
  const gateway = await makeGateway('walled');
  const proxy = await gateway.proxy();
  await connect(page, gateway, { url: proxy.url });
  const name = `${LOCAL} (walled)`;
  await Notebook.create(page, name);
  const running = await new Notebook(page).run(PRINT_PLACE);
  await expect(running).toHaveText('runs in walled');

  // The running kernel loses its connection, too.
  proxy.blockWebsockets();
  const bar = unavailableBar(page);
  await expect(bar.locator('[role=status]')).toHaveText(BLOCKED);
  await page.menu.clickMenuItem('File>New Launcher');
  const its = section(page, 'walled');
  await expect(its.locator('.jp-Launcher-sectionHeader')).toContainText(
    'Websocket blocked'
  );
  await expect(its.locator('.kpe-ProviderStatus p')).toHaveText(BLOCKED);
  expect(await seriousIn(page, '[data-provider="walled"]')).toEqual([]);
  await launcherCard(page, 'Notebook', name).click();
  await expect(bar.locator('[role=status]')).toHaveText(BLOCKED);
  expect(await list(request, 'kernels')).toHaveLength(2);

  // Both connect when the provider is retried.
  await page.menu.clickMenuItem('File>New Launcher');
  await proxy.mend();
  await its.getByRole('button', { name: 'Retry' }).click();
  await expect(its).toContainText('Online');
  await page.getByRole('tab', { name: 'Untitled1.ipynb' }).click();
  await expect(bar).toBeHidden();
  await new Notebook(page).expectKernel(name);
  await page.getByRole('tab', { name: 'Untitled.ipynb' }).click();
  await expect(bar).toBeHidden();
  await expect(await new Notebook(page).run(PRINT_PLACE)).toHaveText(
    'runs in walled'
  );
});
