import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import type { ServiceManagerPlugin } from '@jupyterlab/services';

import { commandsPlugin } from './commands';
import { dialogsPlugin } from './dialogs';
import { namesPlugin } from './kernelnames';
import { launcherPlugin } from './launcher';
import { missingPlugin } from './missing';
import { notificationsPlugin } from './notifications';
import { providersPlugin } from './providers';
import { settingFieldsPlugin } from './settingfields';
import { specsPlugin } from './specs';
import { statusPlugin } from './statusitem';

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
