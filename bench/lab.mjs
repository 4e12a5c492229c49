// Opens JupyterLab in Chromium, for the other scripts here. Needs the packages of ui-tests.
import { createRequire } from 'node:module';

const require = createRequire(
  new URL('../ui-tests/package.json', import.meta.url)
);
const { chromium } = require('@playwright/test');

/** Start Chromium. */
export function launchBrowser() {
  return chromium.launch({
    executablePath: process.env.UI_TESTS_BROWSER ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      // A page that `changePlugins` has changed may open websockets.
      '--disable-features=LocalNetworkAccessChecks'
    ]
  });
}

/** Open JupyterLab in a new tab, and wait for its launcher. */
export async function openLab(context, { url, token }) {
  const page = await context.newPage();
  await page.goto(`${url}lab?token=${token}&reset`);
  await page.locator('.jp-LauncherCard').first().waitFor();
  return page;
}

/** Let the pages of a context have other plugins: disable those in `off`, enable those in `on`. */
export async function changePlugins(context, { off, on = [] }) {
  await context.route(/\/lab\?/, async route => {
    const response = await route.fetch();
    const body = (await response.text()).replace(
      /("disabledExtensions": )(\[[^\]]*\])/,
      (_, key, list) => {
        const others = JSON.parse(list).filter(id => !on.includes(id));
        return key + JSON.stringify([...others, ...off]);
      }
    );
    await route.fulfill({ response, body });
  });
}
