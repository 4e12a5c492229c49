// Measures how long the launcher and the kernel picker take to open with many kernels: the
// stock ones, and ours.
//
//   node bench/launcher.mjs <kernels> <rounds>
//
// Prints JSON, in milliseconds:
// {"stock": […], "ours": […], "all": […], "search": […], "redraw": […],
//  "picker": {"stock": […], "ours": […], "filter": […]}}
//
// It measures both in turns, in one browser and with one JupyterLab. The page config of the
// stock page disables this extension's launcher and picker. A scripted provider has the
// kernels. Needs `jupyter` with this extension on the PATH, and the packages of ui-tests.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { changePlugins, launchBrowser, openLab } from './lab.mjs';

const KERNELS = Number(process.argv[2]);
const ROUNDS = Number(process.argv[3]);
const TOKEN = 'bench';
const OURS = ['kernel-providers-ext:launcher', 'kernel-providers-ext:picker'];
const STOCK = [
  '@jupyterlab/launcher-extension:plugin',
  '@jupyterlab/apputils-extension:sessionDialogs'
];
const SHOW_ALL = '.kpe-LauncherShowAll';
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4" fill="teal"/></svg>';

/** Start a server with many kernelspecs and return it. */
async function startProvider() {
  const models = Array.from({ length: KERNELS }, (_, index) => {
    const name = `kernel-${index}`;
    const spec = { display_name: `Environment ${index}`, language: 'python' };
    return {
      name,
      spec: { argv: ['python'], env: {}, metadata: {}, ...spec },
      resources: { 'logo-svg': `/kernelspecs/${name}/logo-svg.svg` }
    };
  });
  const kernelspecs = Object.fromEntries(models.map(m => [m.name, m]));
  const server = createServer(({ url }, response) => {
    const isLogo = url.endsWith('.svg');
    response.setHeader(
      'Content-Type',
      isLogo ? 'image/svg+xml' : 'application/json'
    );
    if (isLogo) {
      response.end(LOGO);
    } else if (url.startsWith('/api/kernelspecs')) {
      response.end(JSON.stringify({ default: 'kernel-0', kernelspecs }));
    } else {
      response.end('[]');
    }
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Start a JupyterLab with the provider; return its process and its address. */
async function startLab(folder, provider) {
  const config = path.join(folder, 'kernel_providers.d');
  await mkdir(config);
  await writeFile(
    path.join(config, 'many.json'),
    JSON.stringify({ url: `http://127.0.0.1:${provider.address().port}/` })
  );
  const port = 20000 + (process.pid % 20000);
  const args = ['lab', '--no-browser', '--allow-root', '--port', String(port)];
  const lab = spawn(
    'jupyter',
    [...args, '--ServerApp.port_retries=0', '--LabApp.expose_app_in_browser=1'],
    {
      cwd: folder,
      stdio: 'ignore',
      env: {
        ...process.env,
        JUPYTER_TOKEN: TOKEN,
        JUPYTER_CONFIG_PATH: folder,
        JUPYTERLAB_SETTINGS_DIR: path.join(folder, 'settings'),
        JUPYTERLAB_WORKSPACES_DIR: path.join(folder, 'workspaces')
      }
    }
  );
  const url = `http://127.0.0.1:${port}/`;
  for (let tries = 0; tries < 120; tries++) {
    const count = await countKernels(url).catch(() => 0);
    if (count > KERNELS) {
      return { lab, url };
    }
    await new Promise(resolve => setTimeout(resolve, 500));
  }
  lab.kill();
  throw new Error('JupyterLab does not list the kernels.');
}

async function countKernels(url) {
  const answer = await fetch(`${url}api/kernelspecs?token=${TOKEN}`);
  return Object.keys((await answer.json()).kernelspecs).length;
}

/** Open a page with our launcher and kernel picker, or with the stock ones. */
async function openPage(browser, url, isOurs) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 }
  });
  const [on, off] = isOurs ? [OURS, STOCK] : [STOCK, OURS];
  await changePlugins(context, { on, off });
  const page = await openLab(context, { url, token: TOKEN });
  await page
    .locator(isOurs ? SHOW_ALL : `:nth-match(.jp-LauncherCard, ${KERNELS})`)
    .waitFor();
  if (((await page.locator('[data-provider]').count()) > 0) !== isOurs) {
    throw new Error('The page has the wrong launcher.');
  }
  await openNotebook(page);
  return page;
}

/** Open a notebook with a local kernel. */
async function openNotebook(page) {
  await page.evaluate(async () => {
    const { commands, serviceManager } = window.jupyterapp;
    const { path } = await serviceManager.contents.newUntitled({
      type: 'notebook'
    });
    const open = { path, factory: 'Notebook', kernel: { name: 'python3' } };
    window.benchNotebook = await commands.execute('docmanager:open', open);
    await window.benchNotebook.sessionContext.ready;
  });
}

/**
 * Return milliseconds from the command to the first frame with all kernels in the kernel
 * picker, and from a key in its filter to the frame with the results; the stock one has none.
 */
async function measurePicker(page, isOurs) {
  await page.bringToFront();
  return page.evaluate(async ([kernels, isOurs]) => {
    const { commands, shell } = window.jupyterapp;
    const painted = async isDone => {
      const start = performance.now();
      do {
        await new Promise(requestAnimationFrame);
      } while (!isDone());
      await new Promise(resolve => setTimeout(resolve));
      return performance.now() - start;
    };
    shell.activateById(window.benchNotebook.id);
    const row = isOurs ? '.jp-Dialog [role=option]' : '.jp-Dialog option';
    const count = () => document.querySelectorAll(row).length;
    const done = commands.execute('notebook:change-kernel');
    const open = await painted(() => count() >= kernels);
    const filter = [];
    if (isOurs) {
      const box = document.querySelector('.jp-Dialog [role=combobox]');
      const { set } = Object.getOwnPropertyDescriptor(
        HTMLInputElement.prototype,
        'value'
      );
      for (const text of ['7', '77', '777', '77', '7']) {
        const before = count();
        set.call(box, text);
        box.dispatchEvent(new Event('input', { bubbles: true }));
        filter.push(await painted(() => count() !== before));
      }
    }
    document.querySelector('.jp-Dialog .jp-mod-reject').click();
    await done;
    await new Promise(resolve => setTimeout(resolve, 300));
    return { open, filter };
  }, [KERNELS, isOurs]);
}

/** Return milliseconds from the command to the first frame with all that is shown at first. */
async function measure(page, isOurs) {
  await page.bringToFront();
  return page.evaluate(async ([kernels, showAll, isOurs]) => {
    const frame = () => new Promise(requestAnimationFrame);
    const start = performance.now();
    const main = await window.jupyterapp.commands.execute('launcher:create');
    const cards = main.node.getElementsByClassName('jp-LauncherCard');
    const isNotebook = card => card.dataset.category === 'Notebook';
    const isComplete = () =>
      isOurs
        ? main.node.querySelector(showAll) !== null
        : cards.length >= kernels && [...cards].filter(isNotebook).length >= kernels;
    while (!isComplete()) {
      await frame();
    }
    await frame();
    // A task after a frame's callbacks runs when the frame is painted.
    await new Promise(resolve => setTimeout(resolve));
    const time = performance.now() - start;
    main.dispose();
    await new Promise(resolve => setTimeout(resolve, 300));
    return time;
  }, [KERNELS, SHOW_ALL, isOurs]);
}

/** Return milliseconds from a click on "Show all" to the frame with all cards. */
async function showAll(page) {
  await openLauncher(page);
  return page.evaluate(async ([kernels, showAll]) => {
    const main = window.benchLauncher;
    const cards = main.node.getElementsByClassName('jp-LauncherCard');
    const start = performance.now();
    main.node.querySelector(showAll).click();
    while (cards.length < kernels) {
      await new Promise(requestAnimationFrame);
    }
    await new Promise(resolve => setTimeout(resolve));
    const time = performance.now() - start;
    main.dispose();
    return time;
  }, [KERNELS, SHOW_ALL]);
}

/** Open a launcher and keep it as `window.benchLauncher`. */
async function openLauncher(page) {
  await page.bringToFront();
  await page.evaluate(async ([kernels, showAll]) => {
    const main = await window.jupyterapp.commands.execute('launcher:create');
    const cards = main.node.getElementsByClassName('jp-LauncherCard');
    while (cards.length < kernels && main.node.querySelector(showAll) === null) {
      await new Promise(requestAnimationFrame);
    }
    await new Promise(resolve => setTimeout(resolve, 300));
    window.benchLauncher = main;
  }, [KERNELS, SHOW_ALL]);
}

/** Return milliseconds that the stock launcher takes to redraw its content. */
async function redraw(page) {
  await openLauncher(page);
  return page.evaluate(async () => {
    const main = window.benchLauncher;
    const start = performance.now();
    main.content.update();
    await main.content.renderPromise;
    await new Promise(requestAnimationFrame);
    await new Promise(resolve => setTimeout(resolve));
    const time = performance.now() - start;
    main.dispose();
    return time;
  });
}

/** Return milliseconds from a key in the search field to the frame with the results. */
async function search(page) {
  await openLauncher(page);
  return page.evaluate(async () => {
    const main = window.benchLauncher;
    const cards = main.node.getElementsByClassName('jp-LauncherCard');
    const box = main.node.querySelector('input[type=search]');
    const setValue = Object.getOwnPropertyDescriptor(
      HTMLInputElement.prototype,
      'value'
    ).set;
    const times = [];
    for (const text of ['7', '77', '777', '77', '7']) {
      const before = cards.length;
      const start = performance.now();
      setValue.call(box, text);
      box.dispatchEvent(new Event('input', { bubbles: true }));
      while (cards.length === before) {
        await new Promise(requestAnimationFrame);
      }
      await new Promise(resolve => setTimeout(resolve));
      times.push(performance.now() - start);
    }
    main.dispose();
    return times;
  });
}

async function main() {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-launcher-'));
  const provider = await startProvider();
  const { lab, url } = await startLab(folder, provider);
  const browser = await launchBrowser();
  try {
    const pages = {
      stock: await openPage(browser, url, false),
      ours: await openPage(browser, url, true)
    };
    const times = { stock: [], ours: [], all: [], search: [], redraw: [] };
    const picker = { stock: [], ours: [], filter: [] };
    for (let round = -2; round < ROUNDS; round++) {
      for (const [name, page] of Object.entries(pages)) {
        const time = await measure(page, name === 'ours');
        const { open, filter } = await measurePicker(page, name === 'ours');
        // The first rounds are a warm-up.
        if (round >= 0) {
          times[name].push(time);
          picker[name].push(open);
          picker.filter.push(...filter);
        }
      }
      if (round >= 0) {
        times.all.push(await showAll(pages.ours));
        times.search.push(...(await search(pages.ours)));
        times.redraw.push(await redraw(pages.stock));
      }
    }
    console.log(JSON.stringify({ ...times, picker }));
  } finally {
    await browser.close();
    lab.kill('SIGTERM');
    await new Promise(resolve => lab.once('exit', resolve));
    provider.close();
    await rm(folder, { recursive: true });
  }
}

await main();
