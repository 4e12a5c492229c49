import { commandsPlugin } from './commands';
import { launcherPlugin } from './launcher';
import { providersPlugin } from './providers';
import { specsPlugin } from './specs';

/** The plugins of this extension; each of them can be disabled alone. */
export default [specsPlugin, providersPlugin, commandsPlugin, launcherPlugin];
