// The browser's part of `bench.browser` and `bench.polling`. It prints one JSON object per line.
//
//   node bench/browser.mjs roundtrip <rounds> '[{"name", "url", "token", "kernel"}, …]'
//   node bench/browser.mjs tabs <count> '{"url", "token"}'
//
// `roundtrip` measures round trips through JupyterLab's own kernel connection, in milliseconds.
// `tabs` opens JupyterLab in <count> tabs until its input ends. Needs the packages of ui-tests.
import { once } from 'node:events';

import { launchBrowser, openLab } from './lab.mjs';

const WARM_UP = 5;

/** Start a kernel and keep it in the page, as a notebook does. */
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

/** Return milliseconds of some `kernel_info` and execute requests. */
function measure(page, samples) {
  return page.evaluate(async count => {
    const kernel = window.benchKernel;
    const time = async request => {
      const start = performance.now();
      await request();
      return performance.now() - start;
    };
    const times = { info: [], execution: [] };
    for (let i = 0; i < count; i++) {
      times.info.push(await time(() => kernel.requestKernelInfo()));
      times.execution.push(
        await time(() => kernel.requestExecute({ code: '1+1' }).done)
      );
    }
    return times;
  }, samples);
}

async function roundtrip(context, rounds, servers) {
  const pages = [];
  for (const server of servers) {
    const page = await openLab(context, server);
    await startKernel(page, server.kernel);
    pages.push([server.name, page]);
  }
  for (let round = -1; round < rounds; round++) {
    for (const [name, page] of pages) {
      await page.bringToFront(); // the browser throttles tabs in the background
      const times = await measure(page, round < 0 ? WARM_UP : 10);
      if (round >= 0) {
        console.log(JSON.stringify({ name, ...times }));
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

const [command, count, argument] = process.argv.slice(2);
const browser = await launchBrowser();
try {
  const context = await browser.newContext();
  await { roundtrip, tabs }[command](context, Number(count), JSON.parse(argument));
} finally {
  await browser.close();
}
