import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import type { ServiceManagerPlugin } from '@jupyterlab/services';

import { commandsPlugin } from './commands/plugin';
import { dialogsPlugin } from './picker/plugin';
import { namesPlugin } from './kernelnames/plugin';
import { launcherPlugin } from './launcher/plugin';
import { missingPlugin } from './unavailable/plugin';
import { notificationsPlugin } from './alerts/notifications';
import { providersPlugin } from './providers/plugin';
import { settingFieldsPlugin } from './settings/plugin';
import { specsPlugin } from './providers/kernelspecs';
import { statusPlugin } from './alerts/statusitem';

type Plugin = JupyterFrontEndPlugin<unknown> | ServiceManagerPlugin<unknown>;

/**
 * Plugins that take the place of one of JupyterLab's, by the id of that one.
 *
 * The server companion switches those off; without it, they stay, and ours are not there.
 */
const STAND_INS: readonly (readonly [string, Plugin])[] = [
  ['@jupyterlab/services-extension:kernel-spec-manager', specsPlugin],
  ['@jupyterlab/launcher-extension:plugin', launcherPlugin],
  ['@jupyterlab/apputils-extension:sessionDialogs', dialogsPlugin]
];

/** The plugins of this extension; each of them can be disabled alone. */
const plugins: Plugin[] = [
  ...STAND_INS.filter(([stock]) => PageConfig.Extension.isDisabled(stock)).map(
    ([, plugin]) => plugin
  ),
  providersPlugin,
  namesPlugin,
  settingFieldsPlugin,
  commandsPlugin,
  missingPlugin,
  statusPlugin,
  notificationsPlugin
];

export default plugins;
