import { expect } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

import { seriousIn } from '../../support/axe';
import { test } from '../../support/fixtures';
import { TOKEN } from '../../support/gateway';
import { LOCAL, Notebook, section } from '../../support/lab';
import { ProviderForm } from '../../support/providerform';

/** Open the context menu of a provider's section, and click an item of it. */
async function choose(
  page: IJupyterLabPageFixture,
  id: string,
  item: string
): Promise<void> {
  await section(page, id)
    .getByRole('button', { name: id, exact: true })
    .click({ button: 'right' });
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

async function openLauncher(page: IJupyterLabPageFixture): Promise<void> {
  await page.evaluate(async () => {
    await window.jupyterapp.commands.execute('launcher:create');
  });
}

test('a provider is added, used, lost, found and removed, by mouse', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('farm');
  await gateway.start();
  const form = new ProviderForm(page);
  await page.locator('.kpe-LauncherFoot-add').click();
  await form.expectOpen();
  expect(await seriousIn(page, '.kpe-ProviderDialog')).toEqual([]);

  // What is wrong stands at its field, and what was typed stays.
  await form.address.fill('http://127.0.0.1:9/lab');
  await form.button('Test').click();
  await expect(form.dialog).toContainText('127.0.0.1:9 refuses connections.');
  await expect(form.address).toHaveAttribute('aria-invalid', 'true');
  await form.address.fill(gateway.address.replace(TOKEN, 'wrong'));
  await form.address.blur();
  await expect(form.token).toHaveValue('wrong');
  await form.button('Test').click();
  await expect(form.dialog).toContainText('refused the token (401)');
  await expect(form.token).toHaveAttribute('aria-invalid', 'true');
  expect(await seriousIn(page, '.kpe-ProviderDialog')).toEqual([]);

  await form.token.fill(TOKEN);
  await form.name.fill('farm');
  await form.button('Test').click();
  await expect(form.outcome).toHaveText(
    /^1 kernel, Kernel Gateway, Jupyter Server 2\.\S+, \d+ ms$/
  );
  await form.button('Add').click();

  // It ends at the first kernel.
  const added = page.locator('.jp-Dialog', { hasText: 'farm Was Added' });
  await expect(added.getByLabel('Kernel')).toHaveText(`${LOCAL} (farm)`);
  expect(await seriousIn(page, '.jp-Dialog')).toEqual([]);
  await added.getByRole('button', { name: 'Start Notebook' }).click();
  const notebook = new Notebook(page);
  await notebook.expectKernel(`${LOCAL} (farm)`);
  await expect(
    await notebook.run('import os; print(os.environ["DEMO_PROVIDER"])')
  ).toHaveText('farm');
  expect(await gateway.declared()).toMatchObject({
    label: 'farm',
    token: { value: TOKEN }
  });

  await openLauncher(page);
  const farm = section(page, 'farm');
  await expect(farm).toContainText('Online');
  await gateway.stop();
  await farm.getByRole('button', { name: 'farm', exact: true }).hover();
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('kernel-providers:retry', { id: 'farm' })
  );
  await expect(farm).toContainText('Offline');
  await gateway.start();
  await farm.getByRole('button', { name: 'Retry' }).click();
  await expect(farm).toContainText('Online');
});

test('a removal says what stays, and is undone', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('farm');
  await gateway.start();
  await gateway.declare();
  await expect(section(page, 'farm')).toContainText('Online');
  const before = await gateway.declared();
  const notebook = await Notebook.create(page, `${LOCAL} (farm)`);
  await notebook.run('value = 42');
  await openLauncher(page);

  await choose(page, 'farm', 'Remove…');
  const question = page.locator('.jp-Dialog', { hasText: 'Remove farm?' });
  await expect(question).toContainText('1 kernel keeps running there.');
  await question.getByRole('button', { name: 'Remove' }).click();
  await expect(section(page, 'farm')).toHaveCount(0);
  expect(await gateway.declared()).toBeNull();
  const toast = page.locator('.Toastify__toast', {
    hasText: 'farm was removed. 1 kernel keeps running there.'
  });
  await toast.getByRole('button', { name: 'Undo' }).click();
  await expect(section(page, 'farm')).toContainText('Online');
  expect(await gateway.declared()).toEqual(before);
  await page.activity.activateTab('Untitled.ipynb');
  await expect(await notebook.run('print(value)')).toHaveText('42');

  await openLauncher(page);
  await choose(page, 'farm', 'Turn Off');
  await expect(section(page, 'farm')).toContainText('Off');
  await section(page, 'farm').getByRole('button', { name: 'farm' }).click();
  await section(page, 'farm').getByRole('button', { name: 'Turn On' }).click();
  await expect(section(page, 'farm')).toContainText('Online');
});

test('a provider is added with the keyboard only, found by "ssh"', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('keys');
  await gateway.start();
  await page.keyboard.press('Control+Shift+C');
  await page.keyboard.type('ssh');
  await expect(
    page.locator('.lm-CommandPalette-item.lm-mod-active')
  ).toContainText('Add a Kernel Provider…');
  await page.keyboard.press('Enter');
  const form = new ProviderForm(page);
  await form.expectOpen();
  await page.keyboard.insertText(gateway.address);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(form.token).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.insertText('keys');
  await page.keyboard.press('Enter');
  await expect(page.locator('.jp-Dialog')).toContainText('keys Was Added');
  await page.keyboard.press('Enter');
  const notebook = new Notebook(page);
  await notebook.expectKernel(`${LOCAL} (keys)`);
});

test('a kernel of a new provider is chosen in the picker', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('late');
  await gateway.start();
  const notebook = await Notebook.create(page, LOCAL);
  const picker = await notebook.openPicker();
  const add = picker.dialog.getByRole('button', {
    name: 'Add a Kernel Provider…'
  });
  await add.click();
  const form = new ProviderForm(page);
  await form.expectOpen();
  // Cancelled, it returns to the picker.
  await page.keyboard.press('Escape');
  await expect(picker.filter).toBeFocused();
  await add.click();
  await form.address.fill(gateway.address);
  await form.name.fill('late');
  await form.button('Add').click();
  await page
    .locator('.jp-Dialog')
    .getByRole('button', { name: /^Use for .*\.ipynb$/ })
    .click();
  await notebook.expectKernel(`${LOCAL} (late)`);
});

test('an address in the clipboard is there', async ({
  context,
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('copied');
  await gateway.start();
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(
    address => navigator.clipboard.writeText(address),
    gateway.address
  );
  await page.locator('.kpe-LauncherFoot-add').click();
  const form = new ProviderForm(page);
  await expect(form.address).toHaveValue(gateway.address.replace(/\?.*/, ''));
  await expect(form.token).toHaveValue(TOKEN);
});
