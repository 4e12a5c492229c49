import path from 'node:path';

import { expect } from '@jupyterlab/galata';
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';

import { test } from '../support/fixtures';
import type { Gateway } from '../support/gateway';
import { ProviderForm } from '../support/providerform';
import {
  DEMO_A,
  LOCAL,
  Notebook,
  openNotebook,
  section,
  writeNotebook
} from '../support/lab';

// As users see it: with JupyterLab's own fonts, and in the top folder.
test.use({
  autoGoto: false,
  mockSettings: {
    '@jupyterlab/apputils-extension:notification': { fetchNews: 'false' }
  },
  tmpPath: '',
  viewport: { width: 1280, height: 1180 }
});

const KERNELS = [
  { name: 'pytorch', displayName: 'PyTorch 2.9 (CUDA 13)', language: 'python' },
  { name: 'julia', displayName: 'Julia 1.12', language: 'julia' },
  { name: 'ir', displayName: 'R 4.5', language: 'R' }
];

const MANY = ['PyTorch 2.9', 'PyTorch 2.10', 'TensorFlow', 'JAX'].flatMap(
  (stack, index) =>
    Array.from({ length: 15 }, (_, team) => ({
      name: `env-${index}-${team}`,
      displayName: `Python 3.12 [conda env: ${stack}, CUDA 13, team ${team + 1}]`,
      language: team === 0 ? 'julia' : 'python'
    }))
);

for (const [suffix, theme] of [
  ['', 'JupyterLab Light'],
  ['-dark', 'JupyterLab Dark']
] as const) {
  test(`pictures in ${theme}`, async ({ makeGateway, page, request }) => {
    const shoot = async (name: string): Promise<void> => {
      await page.screenshot({
        path: path.join(
          __dirname,
          '..',
          '..',
          'docs',
          'images',
          `${name}${suffix}.png`
        )
      });
    };
    await page.goto('?reset');
    await page.theme.setTheme(theme);
    const farm = await makeGateway('gpu-farm', KERNELS);
    await farm.start();
    await farm.declare({ label: 'GPU farm', refresh_interval: 20 });
    await expect(section(page, 'gpu-farm')).toContainText('Online');

    // This is first, as later steps add files to the file browser.
    await stop(farm, page);
    await expectLogos(page);
    await shoot('launcher');

    await page.locator('.kpe-LauncherFoot-add').click();
    const form = new ProviderForm(page);
    const added = await makeGateway('other', KERNELS);
    await added.start();
    await form.address.fill(added.address);
    await form.name.fill('HPC cluster');
    await form.button('Test').click();
    await expect(form.outcome).toContainText('4 kernels');
    await shoot('add');
    await form.button('Cancel').click();

    const cluster = await makeGateway('hpc', MANY);
    await cluster.start();
    await cluster.declare({ label: 'HPC cluster' });
    await expect(section(page, 'hpc')).toContainText('Show all 61');
    await section(page, 'hpc').scrollIntoViewIfNeeded();
    await shoot('list');

    const notebook = await Notebook.create(page, DEMO_A);
    await notebook.run('1 + 1');
    const picker = await notebook.openPicker();
    await expect(picker.active).toBeVisible();
    await shoot('picker');
    await page.keyboard.press('Escape');

    await writeNotebook(request, 'analysis.ipynb', 'gpu-farm/pytorch');
    await openNotebook(page, 'analysis.ipynb');
    await shoot('bar');

    await page.evaluate(() =>
      window.jupyterapp.commands.execute('settingeditor:open', {
        query: 'Kernel Providers'
      })
    );
    await expect(page.locator('.kpe-PlacementField')).toBeVisible();
    await shoot('settings');

    await page.menu.clickMenuItem('File>New Launcher');
    const other = await Notebook.create(page, `${LOCAL} (HPC cluster)`);
    await page.sidebar.openTab('jp-running-sessions');
    const others = page
      .locator('.jp-RunningSessions .lm-AccordionPanel-title')
      .filter({ hasNotText: 'Providers' });
    for (const title of await others.all()) {
      await title.click({ position: { x: 10, y: 10 } });
    }
    await other.place.click();
    await expect(page.getByRole('dialog')).toContainText('1 kernel');
    await shoot('running');
    await page.keyboard.press('Escape');
    await page.sidebar.openTab('filebrowser');
    await other.run('import time; time.sleep(600)');
    await other.run('model.fit()');
    await cluster.stop();
    await cluster.start();
    await expect(page.locator('.kpe-UnavailableBar:visible')).toContainText(
      'ended'
    );
    await shoot('ended');
    // The notebook would open a dialog when its provider is removed.
    await page.evaluate(() => {
      location.href = 'about:blank'; // Galata's `goto` waits for JupyterLab
    });
    await page.waitForURL('about:blank');
  });
}

async function stop(
  gateway: Gateway,
  page: IJupyterLabPageFixture
): Promise<void> {
  await gateway.stop();
  const farm = section(page, gateway.id);
  await farm
    .getByRole('button', { name: 'GPU farm', exact: true })
    .click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Retry' }).click();
  await expect(farm).toContainText('Offline');
}

async function expectLogos(page: IJupyterLabPageFixture): Promise<void> {
  const icons = page.locator('.jp-Launcher .jp-LauncherCard img');
  await expect
    .poll(() =>
      icons.evaluateAll(images =>
        images
          // Logos that are not visible are not loaded.
          .filter(image => image.getBoundingClientRect().top < innerHeight)
          .every(image => (image as HTMLImageElement).naturalWidth > 0)
      )
    )
    .toBe(true);
}
