// The providers and their kernels in JupyterLab's panel of running sessions.
export { runningPlugin } from './plugin';
