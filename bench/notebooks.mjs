// The browser's part of `bench.notebooks`.
//
//   node bench/notebooks.mjs '{"url", "token", "kernel", "count", "limit", "isStock"}'
//
// It opens JupyterLab with <count> notebooks, each with a kernel, and prints a line of JSON.
// Each line of the input then ends a phase, and it prints {"requests", "busy"}: how many
// requests and websockets the page opened in the phase, and the milliseconds that its main
// thread worked. After the line "run", it runs a cell in each notebook, and prints the
// milliseconds until all of them have answered; null if one fails, or takes longer than <limit>.
import { createInterface } from 'node:readline';

import { changePlugins, launchBrowser, openLab } from './lab.mjs';

const PATIENCE = 3_000;

/** Open a notebook for each kernel, and wait until all kernels are idle. */
function openNotebooks(page, kernel, count) {
  return page.evaluate(async ([name, count, patience]) => {
    const { commands, serviceManager } = window.jupyterapp;
    while (!serviceManager.kernelspecs.specs?.kernelspecs[name]) {
      await serviceManager.kernelspecs.refreshSpecs();
    }
    window.benchNotebooks = [];
    for (let i = 0; i < count; i++) {
      const { path } = await serviceManager.contents.newUntitled({
        type: 'notebook'
      });
      const open = { path, factory: 'Notebook', kernel: { name } };
      const panel = await commands.execute('docmanager:open', open);
      await panel.sessionContext.ready;
      const { kernel } = panel.sessionContext.session;
      const info = kernel.info.then(() => true);
      const pause = () => new Promise(resolve => setTimeout(resolve, patience));
      // With --gateway-url, the first request of a page may get no reply.
      while (!(await Promise.race([info, pause()]))) {
        await kernel.reconnect();
      }
      window.benchNotebooks.push(panel);
    }
  }, [kernel, count, PATIENCE]);
}

/** Run a cell in each notebook; return milliseconds until all have answered. */
function runAll(page, limit) {
  return page.evaluate(async limit => {
    const start = performance.now();
    const replies = window.benchNotebooks.map(({ sessionContext }) =>
      sessionContext.session.kernel.requestExecute({ code: '1+1' }).done
    );
    const late = new Promise(resolve => setTimeout(resolve, limit, null));
    const done = Promise.all(replies).then(
      () => performance.now() - start,
      () => null
    );
    return Promise.race([done, late]);
  }, limit);
}

/** Return milliseconds that the main thread has worked. */
async function busyTime(session) {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value;
}

async function main({ url, token, kernel, count, limit, isStock }) {
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext();
    await changePlugins(context, {
      off: isStock ? ['kernel-providers-ext'] : []
    });
    const page = await openLab(context, { url, token });
    let requests = 0;
    const increment = () => {
      requests += 1;
    };
    page.on('request', increment);
    page.on('websocket', increment);
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable');
    await openNotebooks(page, kernel, count);
    console.log(JSON.stringify('open'));
    let before = await busyTime(session);
    requests = 0;
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === 'run') {
        console.log(JSON.stringify(await runAll(page, limit)));
        continue;
      }
      const after = await busyTime(session);
      console.log(JSON.stringify({ requests, busy: after - before }));
      before = after;
      requests = 0;
    }
  } finally {
    await browser.close();
  }
}

await main(JSON.parse(process.argv[2]));
