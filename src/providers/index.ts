// The providers and the kernelspecs of the server, kept up to date.
export { fillContextMenu } from './contextmenu';
export { countKernels } from './counts';
export { Declarations, Refusal, SAVED } from './declarations';
export type { IDeclared, IProbe, Settings } from './declarations';
export { kernelSpecsPlugin } from './kernelspecs';
export { DEFAULT_PREFERENCES, inOrder } from './model';
export { keepPerProvider } from './perprovider';
export { providersPlugin } from './plugin';
export { shutDownKernels } from './shutdown';
