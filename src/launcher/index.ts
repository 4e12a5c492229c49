// The launcher, with a section for each provider.
export { launcherPlugin } from './plugin';
