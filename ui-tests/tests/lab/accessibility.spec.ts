import { expect } from '@jupyterlab/galata';

import { seriousIn } from '../../support/axe';
import { test } from '../../support/fixtures';
import { DEMO_B, Notebook, openUnknown, section } from '../../support/lab';

const THEMES = [
  'JupyterLab Light',
  'JupyterLab Dark',
  'JupyterLab Dark High Contrast'
] as const;

for (const theme of THEMES) {
  test(`axe finds no serious issue in ${theme}`, async ({
    makeGateway,
    page,
    tmpPath
  }) => {
    await page.theme.setTheme(theme);
    await (await makeGateway('late')).declare();
    await expect(section(page, 'late')).toContainText('Offline');
    expect(await seriousIn(page, '.jp-Launcher')).toEqual([]);

    const notebook = await Notebook.create(page, DEMO_B);
    const picker = await notebook.openPicker();
    await expect(picker.active).toBeVisible();
    await picker.showOtherKernels();
    await expect(picker.group('demo-a')).toContainText('does not');
    expect(await seriousIn(page, '.jp-Dialog')).toEqual([]);
    await page.keyboard.press('Escape');

    await openUnknown(page, tmpPath);
    expect(await seriousIn(page, '.kpe-UnavailableBar')).toEqual([]);

    await page.evaluate(() =>
      window.jupyterapp.commands.execute('settingeditor:open', {
        query: 'Kernel Providers'
      })
    );
    await expect(page.locator('.kpe-PlacementField')).toBeVisible();
    expect(await seriousIn(page, '[class*=kpe-][class*=Field]')).toEqual([]);
  });
}
