// What a browser does, for `bench.browser` and `bench.polling`; the answers are JSON, one a line.
//
//   node bench/browser.mjs talk <rounds> '[{"name", "url", "token", "kernel"}, …]'
//   node bench/browser.mjs tabs <count> '{"url", "token"}'
//
// `talk` measures round trips through JupyterLab's own kernel connection, in milliseconds; `tabs`
// has JupyterLab open in that many tabs until its input ends. Needs ui-tests' packages.
import { once } from 'node:events';
import { createRequire } from 'node:module';

const require = createRequire(
  new URL('../ui-tests/package.json', import.meta.url)
);
const { chromium } = require('@playwright/test');
const WARM_UP = 5;

/** Open JupyterLab in a tab of its own. */
async function openLab(context, { url, token }) {
  const page = await context.newPage();
  await page.goto(`${url}lab?token=${token}&reset`);
  await page.locator('.jp-LauncherCard').first().waitFor();
  return page;
}

/** Start a kernel that stays, as a notebook's does. */
function startKernel(page, name) {
  return page.evaluate(async kernelName => {
    const { kernels, kernelspecs } = window.jupyterapp.serviceManager;
    while (!kernelspecs.specs?.kernelspecs[kernelName]) {
      await kernelspecs.refreshSpecs();
    }
    window.benchKernel = await kernels.startNew({ name: kernelName });
    await window.benchKernel.info;
  }, name);
}

/** Milliseconds of some round trips: of the question who it is, and of an execution. */
function measure(page, times) {
  return page.evaluate(async count => {
    const kernel = window.benchKernel;
    const timed = async ask => {
      const begun = performance.now();
      await ask();
      return performance.now() - begun;
    };
    const found = { info: [], execution: [] };
    for (let i = 0; i < count; i++) {
      found.info.push(await timed(() => kernel.requestKernelInfo()));
      found.execution.push(
        await timed(() => kernel.requestExecute({ code: '1+1' }).done)
      );
    }
    return found;
  }, times);
}

async function talk(context, rounds, contenders) {
  const pages = [];
  for (const contender of contenders) {
    const page = await openLab(context, contender);
    await startKernel(page, contender.kernel);
    pages.push([contender.name, page]);
  }
  for (let round = -1; round < rounds; round++) {
    for (const [name, page] of pages) {
      await page.bringToFront(); // others are throttled
      const found = await measure(page, round < 0 ? WARM_UP : 10);
      if (round >= 0) {
        console.log(JSON.stringify({ name, ...found }));
      }
    }
  }
  for (const [, page] of pages) {
    await page.evaluate(() => window.benchKernel.shutdown());
  }
}

async function tabs(context, count, server) {
  for (let i = 0; i < count; i++) {
    await openLab(context, server);
  }
  console.log(JSON.stringify('open'));
  process.stdin.resume();
  await once(process.stdin, 'end');
}

const [what, count, given] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.UI_TESTS_BROWSER ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu']
});
try {
  const context = await browser.newContext();
  await { talk, tabs }[what](context, Number(count), JSON.parse(given));
} finally {
  await browser.close();
}
