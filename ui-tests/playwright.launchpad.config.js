// The tests with jupyterlab-launchpad, which also has a launcher and a kernel picker.
// UI_TESTS_LAUNCHPAD is its folder: pip install --target … --no-deps jupyterlab-launchpad
const path = require('node:path');

process.env.UI_TESTS_PORT ??= '8898';
const config = require('./playwright.config');

const home =
  process.env.UI_TESTS_LAUNCHPAD ??
  path.join(__dirname, '..', '.venv', 'launchpad');

module.exports = {
  ...config,
  testDir: 'launchpad',
  webServer: {
    ...config.webServer,
    env: {
      ...config.webServer.env,
      JUPYTER_CONFIG_PATH: [
        path.join(__dirname, 'config'),
        path.join(home, 'etc', 'jupyter')
      ].join(path.delimiter),
      JUPYTER_PATH: [
        path.join(home, 'share', 'jupyter'),
        ...(process.env.JUPYTER_PATH ?? '').split(path.delimiter)
      ].join(path.delimiter),
      PYTHONPATH: home
    }
  }
};
