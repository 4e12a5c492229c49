import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { expect } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { test } from '../../support/fixtures';
import { TOKEN } from '../../support/gateway';
import { connect, section } from '../../support/lab';
import { ProviderForm } from '../../support/providerform';

/** Where an administrator's files of the server under test are. */
const ADMIN = path.join(__dirname, '..', '..', 'config', 'kernel_providers.d');

test('of two pages that change a provider, the later one reads again', async ({
  context,
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('shared');
  await connect(page, gateway);
  const edit = (): void => {
    void window.jupyterapp.commands.execute('kernel-providers:edit', {
      id: 'shared'
    });
  };
  const form = new ProviderForm(page);
  await page.evaluate(edit);
  await form.expectOpen();
  await expect(form.dialog).toContainText('It is saved, and is not shown.');
  expect(await form.dialog.innerHTML()).not.toContain(TOKEN);
  const before = await gateway.declared();

  const other = await context.newPage();
  await other.goto(`${page.url().split('/lab')[0] ?? ''}/lab/workspaces/other`);
  const otherForm = new ProviderForm(other);
  await other.waitForFunction(() =>
    window.jupyterapp?.commands.hasCommand('kernel-providers:edit')
  );
  await expect(other.locator('[data-provider="shared"]')).toBeVisible();
  await other.evaluate(edit);
  await otherForm.expectOpen();
  await otherForm.name.fill('First');
  await otherForm.button('Save').click();
  await expect(otherForm.dialog).toHaveCount(0);
  await other.close();

  await form.name.fill('Second');
  await form.button('Save').click();
  await expect(form.outcome).toContainText('has changed meanwhile');
  await expect(form.name).toHaveValue('Second');
  expect(await gateway.declared()).toEqual({ ...before, label: 'First' });
  await form.dialog.getByRole('button', { name: 'Load Again' }).click();
  await expect(form.name).toHaveValue('First');
  await form.name.fill('Second');
  await form.button('Save').click();
  await expect(form.dialog).toHaveCount(0);
  expect(await gateway.declared()).toEqual({ ...before, label: 'Second' });
  await expect(section(page, 'shared')).toContainText('Second');
});

test('a token is replaced where sign-in is needed', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('expired');
  await gateway.start();
  await gateway.declare({ token: { value: 'expired' }, refresh_interval: 60 });
  const expired = section(page, 'expired');
  await expect(expired).toContainText('Sign-in needed');
  await expired.getByRole('button', { name: 'Replace Token…' }).click();
  await page.locator('.jp-Dialog').getByLabel('Token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await expect(expired).toContainText('Online');
  expect(await gateway.declared()).toMatchObject({ token: { value: TOKEN } });
});

test('what an administrator has declared is only switched off', async ({
  page
}) => {
  await mkdir(ADMIN, { recursive: true });
  const file = path.join(ADMIN, 'theirs.json');
  const content = JSON.stringify({ url: 'http://127.0.0.1:9/' });
  await writeFile(file, content);
  try {
    const theirs = section(page, 'theirs');
    await expect(theirs).toContainText('Offline');
    const header = theirs.getByRole('button', { name: 'theirs', exact: true });
    await header.click({ button: 'right' });
    const item = (name: string): Locator =>
      page.getByRole('menuitem', { name, exact: true });
    await expect(item('Turn Off')).toBeVisible();
    await expect(item('Edit…')).toBeHidden();
    await expect(item('Remove…')).toBeHidden();
    await item('Turn Off').click();
    await expect(theirs).toContainText('Off');
    await header.click();
    await theirs.getByRole('button', { name: 'Turn On' }).click();
    await expect(theirs).toContainText('Offline');
  } finally {
    await rm(ADMIN, { recursive: true, force: true });
  }
  await expect(section(page, 'theirs')).toHaveCount(0);
});

test('the hint of a first user is dismissed for good', async ({ page }) => {
  // The demo has providers; what the page gets is that of a server without.
  await page.route(/\/api\/kernel-providers(\?|$)/, async route => {
    const response = await route.fetch();
    const model = await response.json();
    const [local] = model.providers;
    await route.fulfill({ response, json: { ...model, providers: [local] } });
  });
  await page.reload();
  const foot = page.locator('.kpe-LauncherFoot');
  await expect(foot).toContainText('Kernels can also run on other servers.');
  await foot.getByRole('button', { name: 'Do not show this again' }).click();
  await expect(foot).toHaveCount(0);
  await page.reload();
  await expect(page.locator('.jp-LauncherCard').first()).toBeVisible();
  await expect(foot).toHaveCount(0);
});
