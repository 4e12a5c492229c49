import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import type { ServiceManagerPlugin } from '@jupyterlab/services';

import { notificationsPlugin, statusItemPlugin } from './alerts';
import { commandsPlugin } from './commands';
import { editingPlugin } from './editing';
import { kernelNamesPlugin } from './kernelnames';
import { launcherPlugin } from './launcher';
import { pickerPlugin } from './picker';
import { kernelSpecsPlugin, providersPlugin } from './providers';
import { runningPlugin } from './running';
import { settingsFormPlugin } from './settings';
import { kernelStatusPlugin, unavailablePlugin } from './unavailable';

type Plugin = JupyterFrontEndPlugin<unknown> | ServiceManagerPlugin<unknown>;

/**
 * Replacements of JupyterLab's plugins: the id of the stock plugin, and our plugin.
 *
 * Our server companion disables the stock plugins. If a stock plugin is enabled, for
 * example because there is no companion, its replacement is left out.
 */
const REPLACEMENTS: readonly (readonly [string, Plugin])[] = [
  ['@jupyterlab/services-extension:kernel-spec-manager', kernelSpecsPlugin],
  ['@jupyterlab/launcher-extension:plugin', launcherPlugin],
  ['@jupyterlab/apputils-extension:sessionDialogs', pickerPlugin],
  ['@jupyterlab/apputils-extension:kernel-status', kernelStatusPlugin]
];

/** The plugins of this extension; each plugin can be disabled alone. */
const plugins: Plugin[] = [
  ...REPLACEMENTS.filter(([stock]) =>
    PageConfig.Extension.isDisabled(stock)
  ).map(([, plugin]) => plugin),
  providersPlugin,
  kernelNamesPlugin,
  settingsFormPlugin,
  commandsPlugin,
  editingPlugin,
  unavailablePlugin,
  runningPlugin,
  statusItemPlugin,
  notificationsPlugin
];

export default plugins;
