// Keeps the names of kernels up to date in JupyterLab's own widgets.
export { kernelNamesPlugin } from './plugin';
