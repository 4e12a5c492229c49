import { commandsPlugin } from './commands';
import { providersPlugin } from './providers';
import { specsPlugin } from './specs';

/** The plugins of this extension; each of them can be disabled alone. */
export default [specsPlugin, providersPlugin, commandsPlugin];
