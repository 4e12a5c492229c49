import { expect } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

import { seriousIn } from '../../support/axe';
import { list, test } from '../../support/fixtures';
import type { Gateway } from '../../support/gateway';
import {
  LOCAL,
  launcherCard,
  Notebook,
  Picker,
  section
} from '../../support/lab';
import { visibleTexts } from '../../support/visibletext';

const LABEL = 'HPC cluster (Slurm, building 42)';

/** Names that differ in the middle, at the end, or by one character. */
const NAMES = Array.from({ length: 60 }, (_, index) => {
  const [team, stack] = [String(index % 10), Math.floor(index / 10)];
  const libraries = [
    'PyTorch-2.9',
    'PyTorch-2.10',
    'TensorFlow',
    'JAX',
    'RAPIDS',
    'Dask'
  ];
  return `Python 3.12 [conda env: ${libraries[stack] ?? ''}-cuda13-team-${team}-production]`;
});

/** The same as at a zoom of 100 %, in a narrow window, and at 200 %. */
const VIEWPORTS = [
  { width: 1280, height: 800 },
  { width: 900, height: 700 },
  { width: 640, height: 400 }
];

type MakeGateway = (
  id: string,
  kernels: { name: string; displayName: string; language: string }[]
) => Promise<Gateway>;

/** Start a gateway with all kernels. */
async function startCluster(makeGateway: MakeGateway): Promise<void> {
  const kernels = NAMES.map((displayName, index) => ({
    name: `env-${index}`,
    displayName,
    language: 'python'
  }));
  const gateway = await makeGateway('hpc', kernels);
  await gateway.start();
  await gateway.declare({ label: LABEL });
}

/** Return what the rows of the launcher show of their kernels. */
async function shownInLauncher(
  page: IJupyterLabPageFixture
): Promise<string[]> {
  const names = section(page, 'hpc').locator('.jp-LauncherCard-label p');
  await expect(names).toHaveCount(NAMES.length + 1);
  return visibleTexts(names);
}

/** Return what the rows of the picker show of their kernels. */
async function shownInPicker(picker: Picker): Promise<string[]> {
  const names = picker
    .group(LABEL)
    .getByRole('option')
    .locator('.kpe-KernelLabel');
  await expect(names).toHaveCount(NAMES.length + 1);
  return visibleTexts(names);
}

test('names can be told apart, however narrow the page', async ({
  makeGateway,
  page
}) => {
  await startCluster(makeGateway);
  await section(page, 'hpc').getByRole('button', { name: 'Show all' }).click();
  const expected = [LOCAL, ...NAMES]
    .map(name => name.replace(/\s/g, ''))
    .sort();
  for (const viewport of VIEWPORTS) {
    await page.setViewportSize(viewport);
    expect((await shownInLauncher(page)).sort()).toEqual(expected);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  const notebook = await Notebook.create(page, LOCAL);
  const picker = await notebook.openPicker();
  for (const viewport of VIEWPORTS) {
    await page.setViewportSize(viewport);
    expect((await shownInPicker(picker)).sort()).toEqual(expected);
  }
});

test('many kernels are a list, of which eight are shown', async ({
  makeGateway,
  page
}) => {
  await startCluster(makeGateway);
  const hpc = section(page, 'hpc');
  const rows = hpc.locator('.jp-LauncherCard');
  await expect(rows).toHaveCount(8);
  const heights = await rows.evaluateAll(found =>
    found.map(row => row.getBoundingClientRect().height)
  );
  expect(Math.max(...heights)).toBeLessThan(32);
  const titles = page.locator(
    '.jp-Launcher :not(.kpe-ShortcutSection-header) > .jp-Launcher-sectionTitle'
  );
  await expect(titles).toHaveText([
    'Notebook',
    'Console',
    'demo-a',
    'demo-b',
    LABEL,
    'Other'
  ]);
  for (const theme of [
    'JupyterLab Light',
    'JupyterLab Dark',
    'JupyterLab Dark High Contrast'
  ]) {
    await page.theme.setTheme(theme);
    expect(await seriousIn(page, '.jp-Launcher')).toEqual([]);
  }

  await hpc.getByRole('button', { name: 'Show all 61' }).click();
  await expect(rows).toHaveCount(61);
  await expect(rows.nth(8)).toBeFocused();
  await hpc.getByRole('button', { name: 'Show fewer' }).click();
  await expect(rows).toHaveCount(8);
  await page.getByRole('searchbox').fill('hpc');
  await expect(rows).toHaveCount(61);
});

test('the keyboard reaches every kernel with few keys', async ({
  makeGateway,
  page,
  request
}) => {
  await startCluster(makeGateway);
  const hpc = section(page, 'hpc');
  await expect(hpc.locator('.jp-LauncherCard')).toHaveCount(8);
  const search = page.getByRole('searchbox');
  await search.focus();
  await page.keyboard.type('hpc');
  await page.keyboard.press('ArrowDown');
  await expect(hpc.locator('.jp-LauncherCard').first()).toBeFocused();
  await page.keyboard.press('/');
  await page.keyboard.press('Delete');

  // Without the search, each section is one tab stop.
  const shortcuts = await page.locator('.kpe-ShortcutSection').count();
  for (let section = 0; section < shortcuts + 5; section += 1) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Home');
  await expect(hpc.locator('[aria-expanded]').first()).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(hpc.locator('.jp-LauncherCard').nth(1)).toBeFocused();
  await page.keyboard.press('End');
  await expect(hpc.getByRole('button', { name: 'Show all' })).toBeFocused();
  await page.keyboard.press('Home');

  await page.keyboard.type('jax team-7');
  await expect(search).toHaveValue('jax team-7');
  await expect(hpc.locator('.jp-LauncherCard')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect
    .poll(async () => (await list(request, 'kernels')).map(({ name }) => name))
    .toEqual(['hpc/env-37']);
});

test('Ctrl+Enter opens a console', async ({ page }) => {
  await launcherCard(page, 'Notebook', LOCAL).focus();
  await page.keyboard.press('Control+Enter');
  await expect(
    page.locator('.jp-ConsolePanel .jp-Toolbar-kernelName')
  ).toHaveText(LOCAL);
});

test('recent and starred kernels come first, on every page of the user', async ({
  makeGateway,
  page
}) => {
  await startCluster(makeGateway);
  const hpc = section(page, 'hpc');
  const row = hpc.locator('.kpe-KernelCard').nth(2);
  await row.hover();
  await row.getByRole('button', { name: 'Star:' }).click();
  const starred = page.getByRole('group', { name: 'Starred' });
  await expect(starred.locator('.kpe-KernelLabel')).toHaveText(
    `${NAMES[51] ?? ''}${LABEL}`
  );
  expect(await seriousIn(page, '.jp-Launcher')).toEqual([]);

  // With the keyboard, and back again.
  await starred.locator('.jp-LauncherCard').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Remove Star' }).click();
  await expect(starred).toHaveCount(0);
  await hpc.locator('.jp-LauncherCard').nth(1).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Star', exact: true }).click();
  await expect(starred.locator('.jp-LauncherCard')).toHaveCount(1);

  await hpc.locator('.jp-LauncherCard').nth(3).click();
  // Not by its toolbar, into which the long name may not fit.
  await expect(
    page.locator('.jp-NotebookPanel:visible .jp-Notebook-ExecutionIndicator')
  ).toHaveAttribute('data-status', 'idle');
  await page.evaluate(() => {
    void window.jupyterapp.commands.execute('notebook:change-kernel');
  });
  const picker = new Picker(page);
  await expect(picker.filter).toBeFocused();
  await expect(picker.dialog.getByRole('group').first()).toContainText(
    `Starred`
  );
  await expect(
    picker.group('Recent').getByRole('option').first()
  ).toContainText(`${NAMES[52] ?? ''}${LABEL}`);
  await page.keyboard.press('Escape');
  await page.menu.clickMenuItem('File>New Launcher');
  const recent = page.locator('.jp-Launcher:visible').getByRole('group', {
    name: 'Recent'
  });
  await expect(recent.locator('.kpe-KernelLabel').first()).toHaveText(
    `${NAMES[52] ?? ''}${LABEL}`
  );
});
