// Options in the environment:
// UI_TESTS_COMMAND  the command that starts the server under test on UI_TESTS_PORT
// UI_TESTS_BROWSER  the path of a Chromium; nothing is downloaded
// UI_TESTS_PORT     the port, the same as in UI_TESTS_COMMAND
const path = require('node:path');

const base = require('@jupyterlab/galata/lib/playwright-config');

const port = process.env.UI_TESTS_PORT ?? '8899';
const baseURL = `http://127.0.0.1:${port}`;
const token = process.env.JUPYTER_TOKEN ?? 'ui-tests';

module.exports = {
  ...base,
  testDir: 'tests',
  // All tests share one server.
  fullyParallel: false,
  workers: 1,
  reporter: 'list',
  timeout: 90 * 1000,
  // The start of a kernel takes seconds on a small machine.
  expect: { timeout: 20 * 1000 },
  use: {
    ...base.use,
    baseURL,
    extraHTTPHeaders: { Authorization: `token ${token}` },
    launchOptions: {
      executablePath: process.env.UI_TESTS_BROWSER ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync'
      ]
    },
    // Wide enough for the whole toolbar of a notebook.
    viewport: { width: 1280, height: 800 },
    // A video needs an encoder that a distribution's Chromium does not have.
    video: 'off'
  },
  webServer: {
    command:
      process.env.UI_TESTS_COMMAND ??
      `jupyter kernel-providers demo --no-browser --port ${port}`,
    env: {
      JUPYTER_CONFIG_PATH: path.join(__dirname, 'config'),
      JUPYTER_TOKEN: token
    },
    url: `${baseURL}/api`,
    timeout: 120 * 1000,
    reuseExistingServer: false,
    // The command also stops the remote servers that it started.
    gracefulShutdown: { signal: 'SIGTERM', timeout: 15 * 1000 }
  }
};
