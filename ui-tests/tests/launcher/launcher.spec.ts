import { expect } from '@jupyterlab/galata';

import { list, test } from '../../support/fixtures';
import {
  DEMO_A,
  DEMO_B,
  expectKernelName,
  launcherCard,
  LOCAL,
  Notebook,
  section
} from '../../support/lab';

test('each provider has a section with its state and its kernels', async ({
  page
}) => {
  const titles = page.locator('.jp-Launcher .jp-Launcher-sectionTitle');
  await expect(titles).toHaveText([
    'Notebook',
    'Console',
    'demo-a',
    'demo-b',
    'Other'
  ]);
  const demoA = section(page, 'demo-a');
  await expect(demoA.locator('.jp-Launcher-sectionHeader')).toHaveAttribute(
    'title',
    /^\d+ ms · 1 kernel$/
  );
  await expect(
    page.locator('.jp-LauncherCard[data-category="Console"]')
  ).toHaveCount(1);

  await Notebook.create(page, DEMO_A);
  await page.menu.clickMenuItem('File>New Launcher');
  await demoA.hover();
  await expect(demoA.locator('.jp-Launcher-sectionHeader')).toHaveAttribute(
    'title',
    /^\d+ ms · 1 kernel, 1 running$/
  );
});

test('a card works with the keyboard, and its menu has a console', async ({
  page,
  request
}) => {
  const card = launcherCard(page, 'Notebook', DEMO_B);
  await card.focus();
  await page.keyboard.press('Enter');
  await new Notebook(page).expectKernel(DEMO_B);

  await page.menu.clickMenuItem('File>New Launcher');
  await card.click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Console', exact: true }).click();
  await expectKernelName(
    page.locator('.jp-ConsolePanel .jp-Toolbar-kernelName'),
    DEMO_B
  );
  await expect
    .poll(async () => (await list(request, 'kernels')).length)
    .toBe(2);
});

test.describe('with a server that saves the state', () => {
  test.use({ mockState: false });

  test('a section stays collapsed after a reload', async ({ page }) => {
    const toggle = section(page, 'demo-a').getByRole('button', {
      name: 'demo-a',
      exact: true
    });
    const card = launcherCard(page, 'Notebook', DEMO_A);
    await expect(card).toBeVisible();
    const saved = page.waitForResponse(
      response =>
        response.request().method() === 'PUT' &&
        response.url().includes('/api/workspaces/') &&
        response.request().postData()?.includes('launcher-collapsed') === true
    );
    await toggle.click();
    await expect(card).toHaveCount(0);
    await saved;

    await page.reload();
    await expect(toggle).toHaveAttribute('aria-expanded', 'false');
    await expect(launcherCard(page, 'Notebook', DEMO_B)).toBeVisible();
    await expect(card).toHaveCount(0);
    await toggle.click();
    await expect(card).toBeVisible();
  });
});

test('the search filters by kernel, provider and language while the user types', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('late', [
    { name: 'jl', displayName: 'Julia 1.12', language: 'julia' },
    { name: 'ir', displayName: 'R 4.5', language: 'Rlang' }
  ]);
  await gateway.start();
  await gateway.declare();
  await expect(launcherCard(page, 'Notebook', 'R 4.5 (late)')).toBeVisible();
  const search = page.getByRole('searchbox', { name: 'Search kernels' });
  const cards = page.locator('.jp-Launcher .jp-LauncherCard');
  const titles = async (): Promise<(string | null)[]> =>
    cards.evaluateAll(found => found.map(card => card.getAttribute('title')));

  await search.fill('demo-b');
  await expect.poll(titles).toEqual([DEMO_B]);
  await search.fill('rlang');
  await expect.poll(titles).toEqual(['R 4.5 (late)']);
  await search.fill('jul late');
  await expect.poll(titles).toEqual(['Julia 1.12 (late)']);

  await search.fill('cobol');
  await expect(page.getByText('No kernels match “cobol”.')).toBeVisible();
  await page.getByRole('button', { name: 'Clear Search' }).click();
  await expect(launcherCard(page, 'Notebook', LOCAL)).toBeVisible();
});

test('an empty section says why it is empty', async ({ makeGateway, page }) => {
  const none = await makeGateway('none');
  await none.start();
  await none.declare({ include: ['nothing-*'] });
  const unknown = await makeGateway('unknown');
  await unknown.declare();

  await expect(section(page, 'none')).toContainText('none has no kernels.');
  await expect(section(page, 'unknown')).toContainText(
    'Its kernels appear once it has been reached.'
  );
  await expect(section(page, 'unknown')).toContainText(
    'unknown refuses connections.'
  );
  await page.getByRole('searchbox').fill('cobol');
  await expect(page.getByText('No kernels match “cobol”.')).toBeVisible();
});

test('a provider that is not loaded says why', async ({
  makeGateway,
  page
}) => {
  const gateway = await makeGateway('late');
  await gateway.declare({ url: 'gpu-farm' });
  await expect(page.locator('.jp-Launcher').getByRole('note')).toContainText(
    'Not loaded until this is fixed.'
  );
});

test('everything in the stock launcher still works', async ({ page }) => {
  const launchers = page.getByRole('main').getByRole('tab', {
    name: 'Launcher'
  });
  await expect(launchers).toHaveCount(1);
  await page.keyboard.press('Control+Shift+l');
  await expect(launchers).toHaveCount(2);
  await page.menu.clickMenuItem('File>New Launcher');
  await expect(launchers).toHaveCount(3);
  await page.locator('[data-jp-item-name="new-launcher"]').click();
  await expect(launchers).toHaveCount(4);

  // An empty main area gets a launcher.
  await page.menu.clickMenuItem('File>Close All Tabs');
  await expect(launchers).toHaveCount(1);
  await expect(launcherCard(page, 'Notebook', LOCAL)).toBeVisible();
});
